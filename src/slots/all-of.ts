import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal, fromHex, isBytes, secretCopy, toHex, u32, utf8, wipe } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { copyList } from "../base/plain.ts";
import { isObject } from "../base/shape.ts";
import { throwIfAborted } from "../vault/kdf.ts";
import { isHex } from "../vault/parse.ts";
import { Offers, type Renewal } from "../vault/renewal.ts";
import type { Enrolment, Slot, SlotContext, SlotRecord } from "../vault/slot.ts";
import { cannotOpen, mayFitAnother } from "../vault/slot-keys.ts";
import { derive } from "../vault/subkeys.ts";

const MOST_PARTS = 4;
const SECRET_BYTES = 32;
const CHECK_DIGITS = 32;
const PREFIX = "all-of:";

/**
 * A slot that opens only with every one of its parts: a passphrase and a passkey, two people with a passphrase each.
 *
 * Its kind is made of the kinds of its parts, so the same parts in any order find it again. Parts of one kind need no order either: the
 * order given is tried first, and then the others. With m parts of one kind that costs m openings when they stand as they were
 * enrolled, and up to m² when they do not or one of them is wrong; for two passphrases four derivations instead of two. It never says
 * which part was wrong, and nothing that it keeps lets anybody try one part without all the others.
 *
 * A part that asks somebody (a passkey) is asked once, for all the vault's slots of this kind at once. Several such parts are asked in
 * turn, a question each: a browser's question is answered by one passkey.
 *
 * It is only good for viewing if each of its parts is. If enrolling a part fails, what earlier parts have left outside the vault (a
 * keychain's entry, shares that were handed out) opens nothing.
 *
 * @param parts - 2–4 different slots, none of them made by `allOf`: list all parts in one.
 * @throws `request/malformed`; at enrolment and opening what its parts throw
 */
export function allOf(parts: readonly Slot[]): Slot {
  const given = copyList(parts, MOST_PARTS, "allOf") ?? [];
  if (given.length < 2 || new Set(given).size !== given.length) throw noParts();
  // The sort is stable: parts of one kind stay in the order given.
  const sorted = given.map(readPart).sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0));
  const kind = PREFIX + sorted.map((part) => part.kind).join("+");
  const open: Slot["open"] = async (parameters, context) => openWith(sorted, kind, parameters, context);
  // One that asks somebody is asked first and once, and says which slot it is: then the others are opened for that one alone.
  const asking = sorted.filter((part) => part.openAny).length === 1 ? sorted.findIndex((part) => part.openAny) : -1;
  const asked = sorted[asking]?.openAny;
  return {
    kind,
    ...(asked && {
      async openAny(slots: readonly Pick<SlotRecord, "id" | "parameters">[], context: Omit<SlotContext, "slotId">) {
        const parts = slots.flatMap(({ id, parameters }) => {
          const part = partOf(parameters, asking, sorted.length);
          return part ? [{ whole: { id, parameters }, id: partId(id, asking), parameters: part }] : [];
        });
        const { id, secret } = await asked(parts, context);
        try {
          const { whole } = parts.find((part) => part.id === id) ?? {};
          if (!whole) throw cannotOpen();
          const known = sorted.map((part, at) => (at === asking ? { ...part, open: async () => secretCopy(secret) } : part));
          return { id: whole.id, secret: await openWith(known, kind, whole.parameters, { ...context, slotId: whole.id }) };
        } finally {
          wipe(secret);
        }
      },
    }),
    ...(sorted.every(({ access }) => access === "view") && { access: "view" as const }),
    enrol: (context) => enrolAll(sorted, kind, context),
    open,
  };
}

async function enrolAll(parts: readonly Pick<Slot, "enrol">[], kind: string, context: SlotContext): Promise<Enrolment> {
  const parameters: JsonObject[] = [];
  const secrets: Uint8Array[] = [];
  try {
    for (const [at, part] of parts.entries()) {
      throwIfAborted(context.signal);
      const made = await part.enrol({ ...context, slotId: partId(context.slotId, at) });
      secrets.push(checked(made.secret));
      parameters.push(made.parameters);
    }
    const { secret, check } = together(secrets, kind, context);
    return { parameters: { parts: parameters, check }, secret };
  } finally {
    wipe(...secrets);
  }
}

/** Opens with every part, in whichever order they stand. */
async function openWith(sorted: readonly Slot[], kind: string, parameters: JsonObject, context: SlotContext): Promise<Uint8Array> {
  const held = readParts(parameters, sorted.length);
  const tried = new Tried(sorted, held.parts, context);
  try {
    for (const order of orders(sorted)) {
      const secrets = await tried.inOrder(order);
      if (!secrets) continue;
      const { secret, check } = together(secrets, kind, context);
      if (check === held.check) {
        tried.offer(order, kind);
        return secret;
      }
      wipe(secret);
    }
    throw tried.told ?? cannotOpen();
  } finally {
    tried.wipe();
  }
}

/** The parts that a record of an `allOf` slot holds, each as a slot of its own; the record itself for any other. */
export function partsOf(record: Pick<SlotRecord, "id" | "kind" | "parameters">): readonly Pick<SlotRecord, "id" | "kind" | "parameters">[] {
  if (!record.kind.startsWith(PREFIX)) return [record];
  const ids = partIdsOf(record);
  const { parts } = readParts(record.parameters, ids.length);
  return ids.map((part, at) => ({ ...part, parameters: parts[at] ?? {} }));
}

/** The same without what they keep: as each part was told when it enrolled. */
export function partIdsOf({ id, kind }: Pick<SlotRecord, "id" | "kind">): readonly Pick<SlotRecord, "id" | "kind">[] {
  if (!kind.startsWith(PREFIX)) return [{ id, kind }];
  const kinds = kind.slice(PREFIX.length).split("+", MOST_PARTS);
  return kinds.map((each, at) => ({ id: partId(id, at), kind: each }));
}

/** What the parts gave, each pairing of a part that is here with parameters of its kind opened once at most. */
class Tried {
  /** What a part says of itself that is more than "no": shares of another vault. */
  told: CustodyError | undefined;
  readonly #secrets = new Map<string, Uint8Array | undefined>();
  readonly #renewals = new Map<string, Renewal>();
  readonly #slots: readonly Slot[];
  readonly #parameters: readonly JsonObject[];
  readonly #context: SlotContext;

  constructor(slots: readonly Slot[], parameters: readonly JsonObject[], context: SlotContext) {
    this.#slots = slots;
    this.#parameters = parameters;
    this.#context = context;
  }

  /** The secrets by place, if every part that `order` puts at a place fits there. They stay ours. */
  async inOrder(order: readonly number[]): Promise<readonly Uint8Array[] | undefined> {
    const secrets: Uint8Array[] = [];
    for (const [place, which] of order.entries()) {
      const secret = await this.#open(which, place);
      if (!secret) return undefined;
      secrets.push(secret);
    }
    return secrets;
  }

  /** Where one of these parts offers to enrol anew, so does the whole: with the others as they are. */
  offer(order: readonly number[], kind: string): void {
    const { offer } = this.#context;
    const pairings = order.map((which, place) => `${which}/${place}`);
    if (!offer || !pairings.some((pairing) => this.#renewals.has(pairing))) return;
    const parts = pairings.map((pairing, place) => {
      const renewal = this.#renewals.get(pairing) ?? asItIs(this.#parameters[place] ?? {}, this.#secrets.get(pairing));
      this.#renewals.delete(pairing);
      return renewal;
    });
    offer({
      enrol: (context) => enrolAll(parts, kind, context),
      end: () => {
        for (const part of parts) part.end();
      },
    });
  }

  wipe(): void {
    wipe(...this.#secrets.values());
    for (const renewal of this.#renewals.values()) renewal.end();
  }

  async #open(which: number, place: number): Promise<Uint8Array | undefined> {
    const pairing = `${which}/${place}`;
    if (!this.#secrets.has(pairing)) this.#secrets.set(pairing, await this.#ask(which, place));
    return this.#secrets.get(pairing);
  }

  async #ask(which: number, place: number): Promise<Uint8Array | undefined> {
    throwIfAborted(this.#context.signal);
    const [slot, parameters] = [this.#slots[which], this.#parameters[place]];
    if (!slot || !parameters) return undefined;
    const offers = new Offers();
    const offer = this.#context.offer && offers.hear;
    try {
      const secret = checked(await slot.open(parameters, { ...this.#context, slotId: partId(this.#context.slotId, place), offer }));
      const renewal = offers.take();
      if (renewal) this.#renewals.set(`${which}/${place}`, renewal);
      return secret;
    } catch (error) {
      if (!mayFitAnother(error)) throw error;
      if (error.code !== "vault/cannot-open") this.told ??= error;
      return undefined;
    } finally {
      offers.end();
    }
  }
}

/** A part that stays as it is. */
function asItIs(parameters: JsonObject, secret: Uint8Array = new Uint8Array()): Renewal {
  const kept = secretCopy(secret);
  return { enrol: async () => ({ parameters, secret: secretCopy(kept) }), end: () => wipe(kept) };
}

/**
 * Which part stands at which place: as they are first, then every other order that puts each at a place of its kind. At most 4! = 24.
 */
function* orders(slots: readonly Slot[]): Generator<readonly number[]> {
  function* from(order: readonly number[]): Generator<readonly number[]> {
    if (order.length === slots.length) return yield order;
    for (const [which, { kind }] of slots.entries())
      if (kind === slots[order.length]?.kind && !order.includes(which)) yield* from([...order, which]);
  }
  yield* from([]);
}

/**
 * One secret of all, bound to this slot of this vault, and a check value from which nothing leads back: it says whether all parts are
 * right at once, as the slot's public key does. One for each part would let a thief of the file guess them one after another.
 */
function together(
  secrets: readonly Uint8Array[],
  kind: string,
  { vaultId, slotId }: SlotContext,
): { readonly secret: Uint8Array; readonly check: string } {
  // (length(4) || secret)*
  const all = secretCopy(...secrets.flatMap((secret) => [u32(secret.length), secret]));
  const keyFor = (purpose: string) => derive(all, fromHex(vaultId), concat(utf8(`keyward/v1/${purpose}`), fromHex(slotId), utf8(kind)));
  const check = keyFor("all-of check");
  try {
    return { secret: keyFor("all-of"), check: toHex(check).slice(0, CHECK_DIGITS) };
  } finally {
    wipe(all, check);
  }
}

/** An id of its own for each part, so that two keychain entries or two sets of shares of one slot are two. */
function partId(slotId: string, place: number): string {
  return toHex(sha256(concat(utf8("keyward/v1/part"), fromHex(slotId), Uint8Array.of(place)))).slice(0, 16);
}

/** @throws `vault/cannot-open` for what is no parameters of ours */
function readParts(parameters: JsonObject, count: number): { readonly parts: readonly JsonObject[]; readonly check: string } {
  const { parts, check, ...others } = parameters;
  if (Object.keys(others).length > 0 || !isHex(check, CHECK_DIGITS) || !Array.isArray(parts) || parts.length !== count) throw cannotOpen();
  const objects = parts.filter(isObject);
  if (objects.length !== count) throw cannotOpen();
  return { parts: objects, check };
}

/** What one part keeps; nothing for what is no parameters of ours. */
function partOf(parameters: JsonObject, at: number, count: number): JsonObject | undefined {
  try {
    return readParts(parameters, count).parts[at];
  } catch (error) {
    if (mayFitAnother(error)) return undefined;
    throw error;
  }
}

/** What a part gives takes part only as what a slot promises. @throws `vault/cannot-open` */
function checked(secret: unknown): Uint8Array {
  if (isBytes(secret) && secret.length === SECRET_BYTES && !equal(secret, new Uint8Array(SECRET_BYTES))) return secret;
  throw cannotOpen();
}

/** Members of an app's object, read once. */
function readPart(part: unknown): Slot {
  try {
    const { kind, access, enrol, open, openAny } = part as Slot;
    // No kind of ours has a plus or a colon, so what it is made of can be read from the kind of the whole.
    if (typeof kind === "string" && /^[a-z][a-z0-9-]*$/.test(kind) && typeof enrol === "function" && typeof open === "function") {
      const members = {
        kind,
        enrol: enrol.bind(part) as Slot["enrol"],
        open: open.bind(part) as Slot["open"],
        ...(typeof openAny === "function" && { openAny: openAny.bind(part) as NonNullable<Slot["openAny"]> }),
      };
      return access === "view" ? { ...members, access } : members;
    }
  } catch (cause) {
    throw new CustodyError("request/malformed", "allOf: a slot could not be read", { cause });
  }
  throw noParts();
}

function noParts(): CustodyError {
  return new CustodyError("request/malformed", `allOf: expected 2–${MOST_PARTS} different slots, none of them made by allOf`);
}
