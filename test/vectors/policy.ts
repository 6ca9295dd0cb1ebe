import { namedAmountAt, unitsAt, writeAmount } from "../../src/policy/amounts.ts";
import { Problems } from "../../src/policy/problems.ts";
import { Spot } from "../../src/policy/surface.ts";
import { sharedFile } from "../shared.ts";
import type { Rows, VectorSet } from "./set.ts";

/** What policies say in words. */
export const POLICY: readonly VectorSet[] = [
  { file: "evm/tx/ethers-units.json", what: "amounts of 3 to 18 decimals, read and written", minimum: 33, run: amounts },
];

const DECIMALS = { ether: 18, finney: 15, szabo: 12, gwei: 9, mwei: 6, kwei: 3 } as const;
type Unit = keyof typeof DECIMALS;

async function amounts(rows: Rows): Promise<void> {
  type Row = { name: string; wei: string } & { [unit in Unit | `${Unit}_format`]?: string };
  for (const row of sharedFile<Row[]>("vectors/evm/tx/ethers-units.json")) {
    for (const unit of Object.keys(DECIMALS) as Unit[]) {
      const asset = { name: "ETH", decimals: DECIMALS[unit] };
      const [text, format] = [row[unit], row[`${unit}_format`]];
      const name = `${row.name}, ${unit}`;
      if (text !== undefined) {
        if (/^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(text)) await rows.valid(name, () => String(read(text, asset)) === row.wei);
        else await rows.declines("amounts-of-another-form", name, () => read(text, asset));
      }
      // What ethers writes as "1.0" is "1 ETH" in a policy; no policy has less than nothing.
      if (format !== undefined && !row.wei.startsWith("-"))
        await rows.valid(`${name}, written`, () => writeAmount(BigInt(row.wei), asset) === `${format.replace(/\.0$/, "")} ETH`);
    }
  }
}

function read(text: string, asset: { readonly name: string; readonly decimals: number }): bigint | undefined {
  const spot = new Spot(`${text} ${asset.name}`, new Problems());
  const amount = namedAmountAt(spot);
  return amount && unitsAt(spot, amount.digits, asset);
}
