import { rehearseShares, type ShareRehearsal } from "../../slots/rehearse-shares.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { plain, type Style } from "../style.ts";
import { absent, hasStore, PLACE, vaultDirectory, withStore } from "../vaults.ts";
import { collectShares, WAY } from "../ways.ts";

export const slotRehearse: Command = {
  name: "slot rehearse",
  about: "say whether the recovery shares at hand would open the vault, without opening it",
  operands: "",
  count: [0, 0],
  options: { ...PLACE, ...(WAY.share && { share: WAY.share }) },
  example: "keyward slot rehearse --share ana.txt --share ben.txt",
  notes: [
    "Exit 0 where they would open it; 2 where one of them is bad, and where there are too few: each holder can still see that their own is good.",
    "Needs no passphrase: each share is compared with what lies in clear in the vault. Rehearse where the vault is; a file from elsewhere says nothing.",
  ],
  async run(call) {
    const directory = vaultDirectory(call);
    if (!hasStore(directory)) throw absent(directory);
    const texts = await collectShares(call);
    const { rehearsal, kind } = await withStore(directory, async (custody) => {
      const header = await custody.publicHeader();
      const found = await rehearseShares(texts, header);
      return { rehearsal: found, kind: header.slots.find(({ id }) => id === found.slotId)?.kind ?? "" };
    });
    const { slotId, shares, threshold, missing, enough } = rehearsal;
    const good = enough && shares.every(({ problem }) => problem === undefined);
    return {
      exit: good ? EXIT.done : EXIT.wrong,
      json: {
        slot: { id: slotId, kind },
        shares: shares.map(({ number, problem }) => ({ number: number ?? null, problem: problem === undefined ? null : { ...problem } })),
        threshold,
        missing,
        enough,
      },
      text: (style) => rehearsalLines(rehearsal, kind, style).join("\n"),
    };
  },
};

function rehearsalLines({ slotId, shares, threshold, missing, enough }: ShareRehearsal, kind: string, style: Style): string[] {
  const each = shares.map(({ number, problem }) =>
    problem === undefined
      ? `  ${style.good("✓")} share ${number} is good`
      : `  ${style.bad("✗")} ${plain(problem.message)} ${style.dim(`[${problem.code}]`)}`,
  );
  const parts = kind.includes("+") ? `, with the other parts of ${plain(kind)}` : "";
  const together = enough
    ? `${style.good("enough")}  they would open the vault${parts}`
    : `${style.wait("not enough")}  ${missing} more of the ${threshold} that are needed`;
  return [`slot ${slotId}`, ...each, together];
}
