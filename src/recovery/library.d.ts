// slip39 0.1.9 has no types of its own: what we use of it.

declare module "slip39" {
  interface Node {
    readonly children: readonly Node[];
    readonly mnemonic: string;
  }
  interface Options {
    readonly passphrase: string;
    readonly threshold: number;
    readonly groups: readonly (readonly [threshold: number, shares: number])[];
    readonly iterationExponent: number;
    readonly extendableBackupFlag: 0 | 1;
  }
  const slip39: {
    fromArray(secret: readonly number[], options: Options): { readonly root: Node };
    recoverSecret(mnemonics: readonly string[], passphrase: string): number[];
  };
  export default slip39;
}

declare module "slip39/src/slip39_helper.js" {
  const helper: { readonly WORD_LIST: readonly string[] };
  export default helper;
}
