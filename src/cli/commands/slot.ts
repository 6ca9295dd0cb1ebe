import type { JsonObject } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Custody } from "../../custody/keyward.ts";
import type { ActOutcome } from "../../custody/outcome.ts";
import type { NewSlot, Session } from "../../custody/session.ts";
import type { NamedSlotInfo } from "../../custody/slots.ts";
import type { Answer, Call, Command } from "../command.ts";
import { usage } from "../exit.ts";
import { NEW_WAY, type NewWay, readNewWay } from "../new-ways.ts";
import { outcomeAnswer } from "../outcomes.ts";
import { finishRotation } from "../rotation.ts";
import { columns, plain, type Style } from "../style.ts";
import { PERSON, stretching, VAULT, withSession, withVault } from "../vaults.ts";

const SHARES_NOTE =
  "Shares are shown once, one at a time, or written to files with --shares-to, which only you may open: move each to its holder, then rehearse them. Where the policy would deny it, nothing is shown or written; where it has to wait, they open nothing until it is done.";
const KEYCHAIN_NOTE =
  "The keychain needs the package @napi-rs/keyring, which is not installed with keyward: npm install @napi-rs/keyring@2.";

export const slotList: Command = {
  name: "slot list",
  about: "list the ways into the vault",
  operands: "",
  count: [0, 0],
  options: { ...VAULT },
  example: "keyward slot list",
  async run(call) {
    return withVault(call, "view", async (custody) => {
      const slots = await custody.slots();
      const { rotating } = custody;
      return {
        json: { slots: slots.map(({ id, name, kind, access }) => ({ id, name, kind, access })), rotating },
        text: (style) =>
          [
            ...columns(slots.map(({ id, name, kind, access }) => [plain(name), plain(kind), `opens for ${access}`, style.dim(id)])),
            ...(rotating ? [style.wait("a change of keys is under way: keyward rotate --finish")] : []),
          ].join("\n"),
      };
    });
  },
};

export const slotAdd: Command = {
  name: "slot add",
  about: "ask for another way into the vault",
  operands: "NAME",
  count: [1, 1],
  options: { ...NEW_WAY, view: { about: "opens for viewing only" }, ...VAULT, ...PERSON },
  example: 'keyward slot add recovery --kind shares --threshold 2 --holder Ana --holder Ben --holder "the bank"',
  notes: [
    "An act that the policy judges. Whatever opens the vault for signing opens all of it: docs/slots.md says which is good for what.",
    SHARES_NOTE,
    KEYCHAIN_NOTE,
  ],
  async run(call) {
    const [name = ""] = call.operands;
    const way = readNewWay(call);
    const what = call.flag("view") ? "add-view" : "add-sign";
    return withSession(call, async (me) => enrolled(call, me, way, { act: "slotChange", what, name }));
  },
};

export const slotReplace: Command = {
  name: "slot replace",
  about: "ask for another way in the place of one: a new passphrase, new shares",
  operands: "SLOT",
  count: [1, 1],
  options: { ...NEW_WAY, rotate: { about: "changes the keys of the vault as well" }, ...VAULT, ...PERSON },
  example: "keyward slot replace passphrase",
  notes: [
    "SLOT is the name or the id of one, as keyward slot list shows them. The records of the vault stay as they are; where somebody may know the former one, add --rotate, or run keyward rotate afterwards.",
    SHARES_NOTE,
    KEYCHAIN_NOTE,
  ],
  async run(call) {
    const way = readNewWay(call);
    return withSession(call, async (me, custody) => {
      const { id: of } = await findSlot(custody, call.operands[0]);
      const rotate = call.flag("rotate") ? { rotate: true as const } : {};
      const answer = await enrolled(call, me, way, { act: "slotChange", what: "replace", of, ...rotate });
      await finishRotation(call, custody);
      return answer;
    });
  },
};

export const slotRename: Command = {
  name: "slot rename",
  about: "ask to call a way into the vault by another name",
  operands: "SLOT NAME",
  count: [2, 2],
  options: { ...VAULT, ...PERSON },
  example: "keyward slot rename passphrase laptop",
  async run(call) {
    const [slot, name = ""] = call.operands;
    return withSession(call, async (me, custody) => {
      const { id: of } = await findSlot(custody, slot);
      return outcomeAnswer(await me.submit({ act: "slotChange", what: "rename", of, name }));
    });
  },
};

export const slotRemove: Command = {
  name: "slot remove",
  about: "ask to close a way into the vault, which changes its keys for all others",
  operands: "SLOT",
  count: [1, 1],
  options: { yes: { about: "do not ask again on the terminal" }, ...VAULT, ...PERSON },
  example: "keyward slot remove laptop",
  notes: [
    "An act that the policy judges. The last way in that signs cannot be removed. Everybody else still gets in, also who is away. A copy of the vault from before still opens with what was removed.",
    "Afterwards everything is sealed anew, as after keyward rotate. The entry of a keychain is deleted too, where it is on this machine.",
  ],
  async run(call) {
    return withSession(call, async (me, custody) => {
      const slot = await findSlot(custody, call.operands[0]);
      const { io } = call;
      const question = `Remove ${plain(slot.name)} (${plain(slot.kind)}, opens for ${slot.access})?`;
      if (io.stderr.isTTY && !call.flag("yes") && !(await io.confirm(question))) throw usage("slot remove: nothing was asked for");
      const outcome = await me.submit({ act: "slotChange", what: "remove", of: slot.id });
      const answer = outcomeAnswer(outcome);
      if (outcome.kind !== "done") return answer;
      const left = await forgetEntry(call, custody, slot);
      await finishRotation(call, custody);
      return withLines(answer, { ...(left !== undefined && { left }) }, () => (left === undefined ? [] : [`  ${left}`]));
    });
  },
};

/** What a new slot is asked for as, before it is enrolled. */
type Wanted = NewSlot extends infer N ? (N extends NewSlot ? Omit<N, "slot" | "signal" | "onProgress"> : never) : never;

/** Enrols the way in and asks for it. Where it leaves something outside the vault, what would be denied is not enrolled. */
async function enrolled(call: Call, me: Session, way: NewWay, wanted: Wanted): Promise<Answer> {
  const denied = way.leaves ? await wouldBeDenied(me, wanted) : undefined;
  if (denied) return outcomeAnswer(denied);
  const { signal } = call.io;
  const outcome = await way.use((slot) =>
    stretching(call.io, (onProgress) => me.submit({ ...wanted, slot, signal, onProgress } as NewSlot)),
  );
  const files = way.files.map(plain);
  return withLines(outcomeAnswer(outcome), { ...(files.length > 0 && { files }) }, (style) => shareLines(outcome, way, files, style));
}

/** An act like it, of a slot that nobody has. */
async function wouldBeDenied(me: Session, wanted: Wanted): Promise<ActOutcome | undefined> {
  const slot = { id: "00".repeat(8), kind: "new", parameters: {}, publicKey: "00".repeat(32) };
  const { judgement } = await me.explain({ kind: "act", payload: { ...wanted, slot } });
  return judgement.reasons.length === 0 ? undefined : { kind: "denied", reasons: judgement.reasons };
}

function shareLines(outcome: ActOutcome, { kinds }: NewWay, files: readonly string[], style: Style): string[] {
  if (!kinds.includes("shares")) return [];
  const lines = files.map((file) => `  ${file}`);
  switch (outcome.kind) {
    case "done":
      return [...lines, "next: keyward slot rehearse, with the shares at hand, and again once a year"];
    case "pending":
      return [...lines, style.wait("  these shares open nothing until it is done: hand them out, and keep them")];
    case "denied":
      return [...lines, style.bad("  these shares open nothing: destroy them")];
  }
}

/** What a keychain keeps of a slot that is gone. @returns what is left, where it could not be deleted */
async function forgetEntry({ io }: Call, { id: vaultId }: Custody, { id: slotId, kind }: NamedSlotInfo): Promise<string | undefined> {
  if (!kind.split(/[:+]/).includes("keychain")) return undefined;
  try {
    await io.keychain().forget({ vaultId, slotId, kind });
    return undefined;
  } catch (cause) {
    if (!(cause instanceof CustodyError)) throw cause;
    return `its entry in the keychain is left (${cause.message}); it opens copies of the vault from before`;
  }
}

async function findSlot(custody: Custody, wanted = ""): Promise<NamedSlotInfo> {
  const slots = await custody.slots();
  const [found, ...others] = slots.filter(({ id, name }) => id === wanted || name === wanted);
  if (found !== undefined && others.length === 0) return found;
  const there = slots.map(({ id, name }) => `${plain(name)} (${id})`).join(", ");
  if (found !== undefined) throw usage(`slot: several are called ${plain(wanted)}, expected an id; there are ${there}`);
  throw new CustodyError("vault/no-such-slot", `slot: expected a name or an id, there are ${there}`);
}

function withLines(answer: Answer, json: JsonObject, lines: (style: Style) => readonly string[]): Answer {
  return {
    ...answer,
    json: { ...(answer.json as JsonObject), ...json },
    text: (style) => [answer.text?.(style) ?? "", ...lines(style)].join("\n"),
  };
}
