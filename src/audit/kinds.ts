/**
 * What an entry can report, and which members it has at least (`fields.ts` says what they hold). The list is closed: a log with
 * another kind was written by another version, and is refused instead of half understood.
 */
export const ENTRY_KINDS = {
  created: { about: "the vault was made; always the first entry", has: ["vault"] },
  opened: { about: "a slot opened the vault; with how many attempts failed before", has: ["slot"] },
  session: { about: "a person's session began or ended", has: ["session", "event", "person"] },
  account: { about: "an account was derived, imported or renamed", has: ["account"] },
  policy: { about: "a policy is in force from here on", has: ["policy", "book", "semantics"] },
  mode: { about: "a mode holds from here on", has: ["mode"] },
  reserved: {
    about: "allowed: headroom and approvals are taken, the key may now be used",
    has: ["request", "intent", "effects", "policy", "book", "semantics", "hold"],
  },
  signed: { about: "the signature was verified and leaves after this entry", has: ["intent", "hold", "reservation", "result"] },
  lapsed: { about: "a reservation ended without a signature; its headroom is free again", has: ["intent", "hold", "reservation"] },
  denied: { about: "the policy, a limit or the decoder said no", has: ["reasons"] },
  denials: { about: "a flood of denials, counted instead of listed", has: ["count", "since"] },
  pending: { about: "allowed once its needs are met", has: ["request", "intent", "pending", "needs"] },
  approved: { about: "somebody said yes to a pending request", has: ["pending", "person", "proof"] },
  refused: { about: "somebody said no; `ends` says to what", has: ["pending", "person", "proof"] },
  confirmed: { about: "the requester showed their own presence for these bytes", has: ["pending", "person", "proof", "intent"] },
  vetoed: { about: "whoever opens the slot that it would have taken away ended it", has: ["pending", "slot", "intent"] },
  withdrawn: { about: "a submitter took it back", has: ["pending", "person"] },
  expired: { about: "its time ran out before its needs were met", has: ["pending"] },
  acted: { about: "an act on the custody itself took effect", has: ["request", "intent", "effects", "policy", "semantics"] },
  retuned: {
    about: "the slot that opened the vault costs a thief more from here on; its holder's secret is the same",
    has: ["slot", "parameters"],
  },
  rotated: { about: "the vault's keys changed; checkpoints are signed by another key from here on", has: ["keys"] },
  backup: { about: "a backup's file is complete, or was read again and found whole", has: ["event", "backup"] },
  restored: { about: "rebuilt from a backup, after which nothing is signed; or, later, that was allowed", has: ["event"] },
  clock: { about: "the store's clock jumped; the only entry whose time may be before that of the entry above it", has: ["clock"] },
  erased: { about: "bodies and salts of these entries were deleted", has: ["entries", "why"] },
  alarm: { about: "something that a person should look at", has: ["code"] },
} as const satisfies Record<string, { readonly about: string; readonly has: readonly string[] }>;

export type EntryKind = keyof typeof ENTRY_KINDS;

export function isEntryKind(text: unknown): text is EntryKind {
  return typeof text === "string" && Object.hasOwn(ENTRY_KINDS, text);
}
