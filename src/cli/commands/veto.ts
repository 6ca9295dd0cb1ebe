import { findPending } from "../approving.ts";
import type { Command } from "../command.ts";
import { usage } from "../exit.ts";
import { plain } from "../style.ts";
import { stretching, VAULT, withVault } from "../vaults.ts";
import { withWay } from "../ways.ts";

export const pendingVeto: Command = {
  name: "pending veto",
  about: "keep the way into the vault that you open, where a pending request would replace or remove it",
  operands: "ID",
  count: [1, 1],
  options: { ...VAULT },
  example: "keyward pending veto 3f0c…",
  notes: [
    "Open the vault by that very way in, which is opened once more: keyward pending show ID says which. It counts where a rule has the request wait for a delay, until the request takes effect.",
    "A way in that opens for viewing only cannot write this down: have somebody do it whose program calls custody.veto.",
  ],
  async run(call) {
    const [wanted = ""] = call.operands;
    const { io } = call;
    if (call.value("passphrase-fd") !== undefined)
      throw usage("pending veto: a descriptor can be read once, and the passphrase is needed twice; use --passphrase-file FILE");
    return withVault(call, "sign", async (custody) => {
      const { id } = await findPending(custody, wanted);
      const entry = await withWay(
        call,
        (way) => stretching(io, (onProgress) => custody.veto(id, way, { signal: io.signal, onProgress })),
        "Passphrase again, to keep this way in",
      );
      return {
        json: { kind: "done", pending: id, entry },
        text: (style) => `${style.good("kept")}  ${plain(id)} is over  ${style.dim(`log entry ${entry}`)}`,
      };
    });
  },
};
