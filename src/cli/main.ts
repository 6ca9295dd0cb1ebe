#!/usr/bin/env node
import { CustodyError } from "../base/errors.ts";

const asked = process.argv[2] ?? "nothing";
const error = new CustodyError("cli/usage", `keyward: expected a command, got ${asked}`);
process.stdout.write(`${JSON.stringify({ error })}\n`);
process.exitCode = 2;
