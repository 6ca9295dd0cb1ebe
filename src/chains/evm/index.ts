export { evm } from "./evm.ts";
export { type AbiFunction, type AbiParameter, type AbiType, parseFunction } from "./signature.ts";
