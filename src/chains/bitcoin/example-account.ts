import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "../../base/bytes.ts";
import type { Address, ChainId } from "../../intent/effect.ts";
import { addressOfScript } from "./address.ts";
import { descriptorChecksum } from "./checksum.ts";
import { writeExtended } from "./extended.ts";
import { networkOf } from "./network.ts";
import { writeScript } from "./script.ts";
import { TEMPLATES } from "./template.ts";

/**
 * The key of examples: the point H of BIP-341, which was made so that nobody can know a private key of it, with SHA-256 of
 * `keyward: an example account of nobody` as its chain code. Nothing that is sent below it ever comes back.
 */
const NOBODY = "xpub661MyMwAqRbcGn24fbzzAWDft7QGcKThXCdNi2hox93wUZ9fv1QPdd6dLcMdfxZqsy7Pjq235dTrLTHJGYuakqUNijzmeorzkeSU1DJx7yh";

/** Accounts of examples that name none, as descriptors; the usual one first. @throws `chain/unknown` */
export function exampleAccounts(chain: ChainId): readonly string[] {
  const key = writeExtended(NOBODY, networkOf(chain).coin);
  // Taproot first: an address of somebody else's is seldom of its form, and is then told apart without deriving keys.
  return [TEMPLATES.tr, TEMPLATES.wpkh, TEMPLATES["sh-wpkh"], TEMPLATES.pkh].map(({ around: [before, behind] }) => {
    const body = `${before}${key}/<0;1>/*${behind}`;
    return `${body}#${descriptorChecksum(body)}`;
  });
}

/** The address of a hash of nothing but `number`: P2WPKH, and nobody's. @throws `chain/unknown` */
export function exampleAddress(chain: ChainId, number: number): Address {
  const program = sha256(utf8(`keyward: example address ${number}`)).slice(0, 20);
  const address = addressOfScript(chain, writeScript({ form: "wpkh", program }));
  if (address === undefined) throw new Error("unreachable: P2WPKH without an address");
  return address;
}
