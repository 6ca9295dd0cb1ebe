import { writeFileSync } from "node:fs";
import { writeVector } from "./vector.ts";

// After a change of the format that FORMAT.md records: npx tsx test/vault/write-vector.ts
writeFileSync(new URL("./vector.json", import.meta.url), `${JSON.stringify(await writeVector(), null, 2)}\n`);
