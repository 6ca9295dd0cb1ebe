import { readdirSync } from "node:fs";

// Usage: npm run bench [-- WORD] [-- --rounds N]. Runs every race of bench/races whose file name contains WORD.

const args = process.argv.slice(2);
const flag = args.indexOf("--rounds");
const rounds = flag < 0 ? 30 : Number(args.splice(flag, 2)[1]);
if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error("--rounds: expected a whole number above 0");
const word = args[0] ?? "";

const races = readdirSync(new URL("races/", import.meta.url)).filter((file) => file.endsWith(".ts") && file.includes(word));
if (races.length === 0) throw new Error(`no race is called ${word}`);
for (const file of races.sort()) {
  const { run } = (await import(`./races/${file}`)) as { run: (options: { rounds: number }) => Promise<unknown> };
  await run({ rounds });
}
