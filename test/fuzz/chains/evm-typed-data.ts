import { getAddress, TypedDataEncoder } from "ethers";
import * as OxTypedData from "ox/TypedData";
import { hashTypedData } from "viem";
import { fromUtf8, toHex } from "../../../src/base/bytes.ts";
import { canonical, type Json } from "../../../src/base/canonical.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { readJson } from "../../../src/base/json.ts";
import { type Effect, UNLIMITED } from "../../../src/intent/effect.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { ACCOUNT, FRIEND, MALLORY, USDC } from "../../chains/evm/fixtures.ts";
import { decodeTyped, PERMIT2, PERMITS, USDT } from "../../chains/evm/typed-fixtures.ts";
import type { Fate, Target } from "../engine.ts";
import { mutatedJson, mutatedText } from "../mutate.ts";
import type { Random } from "../random.ts";
import { attempt, must, same } from "./same.ts";
import { address, base, DOMAIN_MEMBERS, type Typed, typedData } from "./typed-schema.ts";

/** Random schemas with data of theirs: as objects and as text, whole and changed. */
export const evmTypedData: Target = {
  name: "evm/typed-data",
  weight: 16,
  run: (random) => run(random, typedData(random)),
};

/** Permits of every form that is read: whole, with other values, and changed anywhere. */
export const evmPermits: Target = {
  name: "evm/permit",
  weight: 16,
  run: (random) => run(random, permit(random)),
};

function run(random: Random, whole: Typed): Fate {
  const how = random.below(8);
  const changed = how < 3 ? (whole as unknown as Json) : mutatedJson(random, whole as unknown as Json);
  const text =
    how === 7 ? mutatedText(random, JSON.stringify(changed), '{}[]",:0x-1e.ab \\u') : random.oneIn(2) ? JSON.stringify(changed) : undefined;
  const read = attempt(() => decodeTyped(text ?? changed));
  if ("thrown" in read) {
    if (!(read.thrown instanceof CustodyError)) throw read.thrown;
    if (how < 3) throw new Error(`whole typed data was refused: ${read.thrown.message} ${JSON.stringify(changed)}`);
    return { refused: read.thrown.code };
  }
  const given = text === undefined ? changed : readJson(text).value;
  check(read.value, given as unknown as Typed);
  return "accepted";
}

function check(intent: Intent, given: Typed): void {
  const written = fromUtf8(intent.bytes);
  const plain = JSON.parse(written) as Typed;
  const shown = JSON.stringify(given);
  same("what is written is canonical", written, canonical(plain as unknown as Json));
  const again = decodeTyped(written);
  same(`what is written is read as the same: ${shown}`, [again.id, again.effects], [intent.id, intent.effects]);
  sameData(plain, given);

  const digest = `0x${toHex(intent.signables[0]?.digest ?? new Uint8Array(0))}`;
  const { EIP712Domain: _, ...types } = plain.types;
  same(`viem on ${shown}`, digest, hashTypedData(given as never));
  same(`ox on ${shown}`, digest, OxTypedData.getSignPayload(given as never));
  // ethers takes no struct that holds itself in a list.
  if (!Object.entries(types).some(([name, members]) => members.some(({ type }) => base(type) === name)))
    same(`ethers on ${shown}`, digest, TypedDataEncoder.hash(plain.domain as never, types, plain.message as never));

  const meant = meaning(plain);
  const { effects } = intent;
  must("typed data has an effect", effects.length > 0 && effects.every(({ account }) => account === ACCOUNT));
  if (meant === undefined) {
    same(`what is not known ${shown}`, effects[0]?.kind, "unknown");
    must(
      `an amount of what is not known ${shown}`,
      effects.every(({ amount, asset }) => amount === undefined && asset === undefined),
    );
    return;
  }
  const granted = effects.filter(({ kind }) => kind !== "unknown");
  same(
    `what a permit gives ${shown}`,
    granted.map(({ kind, chain, asset, to, amount, expiry }) => [kind, chain, asset, to, amount, expiry]),
    meant.map(({ kind, chain, asset, to, amount, expiry }) => [kind, chain, asset, to, amount, expiry]),
  );
}

/** Nothing that was given is lost or added: the same members, and texts and integers of the same value. */
function sameData(plain: Typed, given: Typed): void {
  const loose = (value: unknown): unknown => {
    if (typeof value === "number" || (typeof value === "string" && /^(?:-?[0-9]+|0x[0-9a-f]{1,64})$/.test(value) && value.length < 80))
      return `#${BigInt(value)}`;
    if (typeof value === "string" && /^0x[0-9a-fA-F]*$/.test(value))
      return value.length <= 66 && value.length > 2 ? `#${BigInt(value)}` : value.toLowerCase();
    if (Array.isArray(value)) return value.map(loose);
    if (value !== null && typeof value === "object")
      return Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, loose((value as Record<string, unknown>)[key])]),
      );
    return value;
  };
  same("message", loose(plain.message), loose(given.message));
  same("domain", loose(plain.domain), loose(given.domain));
  const { EIP712Domain: _, ...types } = given.types;
  const { EIP712Domain: domain, ...written } = plain.types;
  same("types", loose(written), loose(types));
  same(
    "domain's type",
    domain,
    DOMAIN_MEMBERS.filter(({ name }) => Object.hasOwn(given.domain, name)),
  );
  same("primary type", plain.primaryType, given.primaryType);
}

type Meant = Pick<Effect, "kind" | "chain" | "asset" | "to" | "amount" | "expiry">;

/**
 * What a permit gives, told once more from its message alone: who may take how much of what until when. Nothing where it is none, or
 * where the policy does not say that the contract honours it.
 */
function meaning({ types, primaryType, domain, message }: Typed): readonly Meant[] | undefined {
  const chain = domain.chainId === undefined ? undefined : `eip155:${String(domain.chainId)}`;
  const written = (name: string) => (types[name] ?? []).map(({ name: member, type }) => `${type} ${member}`).join();
  const text = (value: Json | undefined) => String(value);
  const integer = (value: Json | undefined) => BigInt(text(value));
  const most = (value: Json | undefined, bits: bigint) => (integer(value) >= 2n ** (bits - 1n) ? UNLIMITED : integer(value));
  const never = (seconds: bigint) => (seconds >= 2n ** 48n - 1n ? UNLIMITED : seconds);
  const verifier = text(domain.verifyingContract);
  if (chain !== "eip155:1") return undefined;

  if (verifier === USDC) {
    const asset = `erc20:${USDC}`;
    const form = `${primaryType}:${written(primaryType)}`;
    const { owner, holder, from, spender, to, value, allowed, validBefore } = message;
    if (form === "Permit:address owner,address spender,uint256 value,uint256 nonce,uint256 deadline" && owner === ACCOUNT)
      return [{ kind: "signedAllowance", chain, asset, to: text(spender), amount: most(value, 256n), expiry: UNLIMITED }];
    if (form === "Permit:address holder,address spender,uint256 nonce,uint256 expiry,bool allowed" && holder === ACCOUNT)
      return [{ kind: "signedAllowance", chain, asset, to: text(spender), amount: allowed === true ? UNLIMITED : 0n, expiry: UNLIMITED }];
    if (
      /^(?:Transfer|Receive)WithAuthorization:address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce$/.test(
        form,
      ) &&
      from === ACCOUNT
    )
      return [{ kind: "transfer", chain, asset, to: text(to), amount: most(value, 256n), expiry: never(integer(validBefore)) }];
    return undefined;
  }
  const domainType = Object.keys(domain).sort().join();
  if (verifier !== PERMIT2 || domain.name !== "Permit2" || domainType !== "chainId,name,verifyingContract") return undefined;
  const to = text(message.spender);
  const details = (item: { readonly [name: string]: Json }): Meant => ({
    kind: "signedAllowance",
    chain,
    asset: `erc20:${text(item.token)}`,
    to,
    amount: most(item.amount, 160n),
    expiry: never(integer(item.expiration) || integer(message.sigDeadline)),
  });
  const permitted = (item: { readonly [name: string]: Json }): Meant => ({
    kind: "signedAllowance",
    chain,
    asset: `erc20:${text(item.token)}`,
    to,
    amount: most(item.amount, 256n),
    expiry: never(integer(message.deadline)),
  });
  const items = (value: Json | undefined) => (Array.isArray(value) ? value : [value]) as { readonly [name: string]: Json }[];
  const others = Object.keys(types).filter((name) => name !== primaryType && name !== "EIP712Domain");
  const inside = others.map((name) => `${name}:${written(name)}`);
  const list = primaryType.includes("Batch") ? "[]" : "";
  if (/^Permit(?:Single|Batch)$/.test(primaryType)) {
    if (written(primaryType) !== `PermitDetails${list} details,address spender,uint256 sigDeadline`) return undefined;
    if (inside.join() !== "PermitDetails:address token,uint160 amount,uint48 expiration,uint48 nonce") return undefined;
    return orNothing(items(message.details).map(details));
  }
  if (/^Permit(?:Batch)?(?:Witness)?TransferFrom$/.test(primaryType)) {
    const fields = `TokenPermissions${list} permitted,address spender,uint256 nonce,uint256 deadline`;
    const isWitness = primaryType.includes("Witness");
    const own = written(primaryType);
    if (isWitness ? !(own.startsWith(`${fields},`) && types[primaryType]?.length === 5) : own !== fields) return undefined;
    if (!inside.includes("TokenPermissions:address token,uint256 amount") || (!isWitness && inside.length > 1)) return undefined;
    return orNothing(items(message.permitted).map(permitted));
  }
  return undefined;
}

/** A permit of nothing has no meaning that is read. */
function orNothing(meant: readonly Meant[]): readonly Meant[] | undefined {
  return meant.length === 0 ? undefined : meant;
}

const FORMS = Object.values(PERMITS) as unknown as readonly Typed[];

/** One of the forms with other values: amounts, times, people, tokens, contracts, how many. */
function permit(random: Random): Typed {
  const form = structuredClone(random.pick(FORMS)) as unknown as {
    types: Typed["types"];
    primaryType: string;
    domain: Record<string, Json>;
    message: Record<string, Json>;
  };
  const vary = (struct: string, values: Record<string, Json>): void => {
    for (const { name, type } of form.types[struct] ?? []) {
      const inner = form.types[base(type)] === undefined ? undefined : base(type);
      if (inner !== undefined) {
        if (!type.endsWith("[]")) vary(inner, values[name] as Record<string, Json>);
        else {
          const [first] = values[name] as Record<string, Json>[];
          values[name] = Array.from({ length: random.oneIn(12) ? 0 : 1 + random.below(3) }, () => {
            const item = structuredClone(first ?? {});
            vary(inner, item);
            return item;
          });
        }
      } else if (random.oneIn(3)) values[name] = other(random, type, values[name] as Json);
    }
  };
  vary(form.primaryType, form.message);
  if (random.oneIn(8)) form.domain.chainId = random.pick<Json>([0, 1, "1", "0x1", 10, "137"]);
  if (random.oneIn(8))
    form.domain.verifyingContract = random.pick([USDC, USDT, PERMIT2, ACCOUNT, USDC.toLowerCase(), PERMIT2.toLowerCase()]);
  if (random.oneIn(12)) form.domain.name = random.pick(["Permit2", "permit2", "USD Coin", ""]);
  return form;
}

function other(random: Random, type: string, value: Json): Json {
  if (type === "bool") return !value;
  if (type === "address") return random.pick([ACCOUNT, FRIEND, MALLORY, USDC, USDT, getAddress(address(random)), ACCOUNT.toLowerCase()]);
  if (type.startsWith("uint")) return random.integer(Number(type.slice(4))).toString();
  return type === "bytes32" ? `0x${toHex(random.bytes(32))}` : value;
}
