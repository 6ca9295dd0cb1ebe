import { RawPSBTV0 } from "@scure/btc-signer/psbt.js";
import { concat, toHex } from "../../../src/base/bytes.ts";
import type { AccountKeys } from "../../../src/chains/chain.ts";
import {
  accountOf,
  type Coin,
  makePsbt,
  numbers,
  type Owner,
  owner,
  type Paid,
  type Plan,
  payment,
  randomScript,
  TYPES,
  type Type,
} from "../../chains/bitcoin/made.ts";
import { type Random, randomOf } from "../random.ts";

/** The accounts of one vault, one of each type, and those of somebody else. */
const OURS: { readonly [type in Type]: Owner } = owners(0x31);
const STRANGERS: { readonly [type in Type]: Owner } = owners(0x32);

function owners(byte: number): { readonly [type in Type]: Owner } {
  const seed = new Uint8Array(32).fill(byte);
  return { pkh: owner("pkh", seed), "sh-wpkh": owner("sh-wpkh", seed), wpkh: owner("wpkh", seed), tr: owner("tr", seed) };
}

/** A vault in which one account is asked about: `others` are the types of those beside it. Keys are derived once. */
export interface Vault {
  readonly self: Type;
  readonly others: readonly Type[];
  readonly account: AccountKeys;
}

/** So many of each branch are ours: each costs time, twice. */
const CEILING = 4;
const known = (type: Type): AccountKeys => ({ ...accountOf(OURS[type]), ceilings: [CEILING, CEILING] });

/** Mostly with one account alone: each costs time. */
export function vault(random: Random): Vault {
  const self = random.pick(TYPES);
  const others = random.oneIn(4) ? TYPES.filter((type) => type !== self) : [];
  return { self, others, account: { ...known(self), others: others.map(known) } };
}

export function ourOwner(type: Type): Owner {
  return OURS[type];
}

/** Whose an output script is, by the scripts that bitcoinjs-lib makes of all our keys below the ceilings. */
export function ownerOf(
  script: Uint8Array,
  { self, others }: Vault,
): { readonly type: Type; readonly path: readonly [number, number] } | undefined {
  if (SCRIPTS.size === 0)
    for (const type of TYPES)
      for (const branch of [0, 1])
        for (let index = 0; index < CEILING; index++) {
          const path = [branch, index] as const;
          SCRIPTS.set(toHex(payment(OURS[type], path).output), { type, path });
        }
  const found = SCRIPTS.get(toHex(script));
  return found && (found.type === self || others.includes(found.type)) ? found : undefined;
}

const SCRIPTS = new Map<string, { readonly type: Type; readonly path: readonly [number, number] }>();

/** What strangers are paid by, and what nobody can spend. */
const PAYEES: readonly Uint8Array[] = (() => {
  const random = numbers(7);
  return Array.from({ length: 24 }, () => randomScript(random));
})();

/** A payment from some of our accounts and perhaps strangers'. What it pays never exceeds what it spends; dust and data are among it. */
function plan(random: Random, self: Type): Plan {
  const path = (): readonly [number, number] => [random.below(2), random.below(CEILING)];
  const whose = (one: number) =>
    one === 0 || random.oneIn(2) ? OURS[self] : random.oneIn(2) ? OURS[random.pick(TYPES)] : STRANGERS[random.pick(TYPES)];
  const coins = Array.from({ length: 1 + random.below(3) }, (_, at): Coin => {
    const who = whose(at);
    // bitcoinjs-lib wants a taproot input's coin in any case; BIP-341 signs for its amount, so it is enough alone.
    // What strangers spend is often only claimed.
    const claims = who.type === "tr" || (who.type !== "pkh" && who !== OURS[who.type]);
    const witnessUtxo = random.pick(
      claims ? (["only", "only", "also"] as const) : who.type === "pkh" ? [undefined] : ([undefined, "also"] as const),
    );
    return {
      who,
      path: path(),
      value: 20_000n + random.integer(36),
      ...(random.oneIn(2) && { sequence: random.pick([0, 0xfffffffd, 0xfffffffe, 0xffffffff, random.below(0x7fffffff)]) }),
      ...(witnessUtxo !== undefined && { witnessUtxo }),
      ...(random.oneIn(6) && { sighashType: random.pick([1, 1, 1, 2, 3, 0x81, 0x83]) }),
    };
  });
  const total = coins.reduce((sum, { value }) => sum + value, 0n);
  const count = 1 + random.below(4);
  const each = (total - BigInt(random.below(15_000))) / BigInt(count);
  const paid = Array.from({ length: count }, (): Paid => {
    switch (random.below(8)) {
      case 0:
        return { script: concat(Uint8Array.of(0x6a, 4), random.bytes(4)), value: random.oneIn(4) ? each : 0n };
      case 1:
        return { script: random.pick(PAYEES), value: random.oneIn(3) ? BigInt(random.below(700)) : each };
      case 2:
        return { script: random.bytes(random.below(40)), value: each };
      case 3:
        return { change: { who: random.oneIn(2) ? STRANGERS[random.pick(TYPES)] : OURS[random.pick(TYPES)], path: path() }, value: each };
      case 4:
      case 5:
        return { change: { who: OURS[self], path: path() }, value: each };
      default:
        return { script: random.pick(PAYEES), value: each };
    }
  });
  return {
    coins,
    paid,
    version: random.pick([1, 2, 2, 2]),
    lockTime: random.oneIn(3) ? random.below(900_000) : 0,
    salt: random.below(200),
  };
}

/** One of a store of PSBTs, now and then a new one: making one costs more than reading it. */
export function wholePsbt(random: Random, self: Type): Uint8Array {
  if (random.oneIn(16)) return bytesOf(plan(random, self));
  const at = random.below(64);
  const name = `${self} ${at}`;
  const made = STORE.get(name) ?? bytesOf(plan(randomOf(at, TYPES.indexOf(self)), self));
  STORE.set(name, made);
  return made.slice();
}

const STORE = new Map<string, Uint8Array>();

function bytesOf(made: Plan): Uint8Array {
  return Uint8Array.from(makePsbt(made).toBuffer());
}

/** One change of one field, written again as a PSBT: what a hostile wallet would say. */
export function mutatedFields(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const raw = RawPSBTV0.decode(bytes) as unknown as Maps;
  const elsewhere = RawPSBTV0.decode(other) as unknown as Maps;
  const { unsignedTx } = raw.global;
  const input = random.pick(raw.inputs);
  const output = random.pick(raw.outputs);
  const paid = random.pick(unsignedTx.outputs);
  const spends = random.pick(unsignedTx.inputs);
  const ours = () => payment(OURS[random.pick(TYPES)], [random.below(2), random.below(CEILING + 2)]).output;
  switch (random.below(13)) {
    case 0:
      delete input.nonWitnessUtxo;
      break;
    case 1:
      input.witnessUtxo = { ...(input.nonWitnessUtxo?.outputs[spends.index] ?? { script: ours(), amount: 1_000n }) };
      break;
    case 2:
      input.witnessUtxo = { script: input.witnessUtxo?.script ?? random.pick(PAYEES), amount: random.integer(51) };
      break;
    case 3:
      input.sighashType = random.pick([0, 1, 2, 3, 0x80, 0x81, 0x82, 0x83, 0xff, 0xffffffff]);
      break;
    case 4:
      input.redeemScript = random.oneIn(2) ? ours() : random.bytes(22);
      break;
    case 5:
      paid.amount = random.oneIn(2) ? random.integer(51) : paid.amount + 1n;
      break;
    case 6:
      paid.script = random.oneIn(2) ? random.pick(PAYEES) : ours();
      break;
    case 7:
      Object.assign(spends, { index: random.below(3), sequence: Number(random.integer(32)) });
      break;
    case 8:
      input.unknown = [[{ type: 0x42 + random.below(9), key: random.bytes(2) }, random.bytes(3)]];
      output.unknown = [[{ type: 0x77, key: random.bytes(1) }, random.bytes(9)]];
      break;
    case 9:
      Object.assign(input, structuredClone(random.pick(elsewhere.inputs)));
      break;
    case 10:
      Object.assign(output, structuredClone(random.pick(elsewhere.outputs)));
      break;
    case 11:
      Object.assign(unsignedTx, { lockTime: Number(random.integer(32)), version: random.pick([0, 1, 2, 3]) });
      break;
    default:
      unsignedTx.inputs.push({ ...spends });
      raw.inputs.push({ ...input });
  }
  return Uint8Array.from(RawPSBTV0.encode(raw as never));
}

/** The maps of a PSBT as far as they are changed here. */
interface Maps {
  readonly global: { readonly unsignedTx: { readonly inputs: { index: number }[]; readonly outputs: Output[] } };
  readonly inputs: (Unknown & {
    nonWitnessUtxo?: { readonly outputs: readonly Output[] };
    witnessUtxo?: Output;
    sighashType?: number;
    redeemScript?: Uint8Array;
  })[];
  readonly outputs: Unknown[];
}

interface Output {
  script: Uint8Array;
  amount: bigint;
}

interface Unknown {
  unknown?: [{ readonly type: number; readonly key: Uint8Array }, Uint8Array][];
}
