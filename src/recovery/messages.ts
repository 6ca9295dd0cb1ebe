/** What the worker is asked. Plain data, copied into its realm: it trusts none of ours, and we check its answers. */
export type Asked =
  | { readonly ask: "words" }
  | {
      readonly ask: "split";
      readonly secret: Uint8Array;
      readonly passphrase: string;
      readonly groupThreshold: number;
      readonly groups: readonly (readonly [threshold: number, shares: number])[];
      readonly iterationExponent: number;
      readonly extendable: boolean;
    }
  /** Each set by itself is as many shares as are needed; all have to give the same secret. */
  | { readonly ask: "combine"; readonly sets: readonly (readonly string[])[]; readonly passphrase: string };

/** What it answers, in the order of the questions. Nothing says why something was refused: the library's messages hold shares. */
export type Answer =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "shares"; readonly groups: readonly (readonly string[])[] }
  | { readonly kind: "secret"; readonly secret: Uint8Array }
  | { readonly kind: "refused" };
