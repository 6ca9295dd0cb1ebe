import { OUTFLOW } from "../../../intent/fields.ts";
import type { Condition } from "../../core.ts";
import { byText, perAllow } from "./allowances.ts";
import { withRule } from "./change.ts";
import { asForbid, both, type Check } from "./evidence.ts";

export const anyRecipient: Check = {
  id: "any-recipient",
  severity: "warning",
  about: "An `allow` that pays whomever the requester names",
  advice: "Pin `to` to a list of the book",
  scope: "mode",
  find: (evidence) => {
    const known = new Set([...evidence.mentioned("to"), ...evidence.book]);
    const stranger: Condition = both({ op: "not", of: { op: "in", field: "to", values: known } });
    const kinds = OUTFLOW.filter((kind) => kind !== "fee");
    return perAllow(evidence, kinds, stranger, ({ rule, request }) => ({
      text: `${rule} pays addresses that the policy does not know: ${request}`,
    }));
  },
};

export const newRecipient: Check = {
  id: "new-recipient-at-once",
  severity: "warning",
  about: "Somebody who was just added to the book can be paid at once",
  advice: "Forbid `transfer` below a `recipientAge`",
  scope: "mode",
  find: (evidence) => {
    const fresh: Condition = both(
      { op: "within", field: "recipientAge", intervals: [[0n, 0n]] },
      { op: "in", field: "to", values: new Set(evidence.book) },
    );
    if (evidence.book.length === 0 || !evidence.allows.some(({ kinds }) => kinds.includes("transfer"))) return [];
    const change = {
      text: "pay nobody within 24h of their entry in the book",
      document: withRule(evidence.policy.document, evidence.mode, {
        id: "cooling-off",
        forbid: ["transfer"],
        when: { recipientAge: { max: "24h" } },
      }),
    };
    // Whoever edits the book after a delay was seen already.
    const slow = evidence.altered((rule) =>
      rule.type === "require" && rule.delayMs > 0 && rule.kinds.includes("policyEdit") ? asForbid(rule) : rule,
    );
    const book: Condition = both(
      { op: "in", field: "part", values: new Set(["book"]) },
      { op: "in", field: "direction", values: new Set(["loosens"]) },
    );
    const atOnce = evidence
      .in("normal")
      .yes({ kinds: ["policyEdit"], when: book }, { policy: slow, what: "whether the book changes at once" });
    const edited = atOnce ?? evidence.in("normal").yes({ kinds: ["policyEdit"], when: book }, { what: "whether the book can change" });
    if (edited === undefined) return [];
    const found = evidence.yes({ kinds: ["transfer"], when: fresh }, { what: "whether a new entry of the book is paid" });
    if (found === undefined) return [];
    const { words } = evidence;
    const rule = evidence.blamed(found.witness);
    const text = `${rule} pays an entry of the book in the moment it is made: ${words.request(found.witness)}, ${byText(found.approvers)}`;
    return [{ rule, severity: atOnce === undefined ? "note" : "warning", text, witness: found.witness, change }];
  },
};
