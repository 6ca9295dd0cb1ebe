#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import { fromUtf8, wipe } from "../base/bytes.ts";
import { keychain } from "../slots/keychain/keychain.ts";
import { passphrase } from "../vault/passphrase.ts";
import { EXIT } from "./exit.ts";
import type { Io, Output } from "./io.ts";
import { run } from "./run.ts";
import { ask } from "./terminal.ts";

/** After Ctrl-C a command may finish what it is in the middle of, for so long. */
const GRACE_MS = 2000;

await main();

async function main(): Promise<void> {
  const stopping = new AbortController();
  const stop = () => {
    if (stopping.signal.aborted) process.exit(EXIT.aborted);
    stopping.abort();
    process.stdin.destroy();
    setTimeout(() => process.exit(EXIT.aborted), GRACE_MS).unref();
  };
  process.on("SIGINT", stop);
  // Whoever reads has gone (`| head`): there is nobody left to tell.
  process.stdout.on("error", () => process.exit(EXIT.failed));
  const exit = await run(
    process.argv.slice(2),
    io(stopping.signal, () => void process.off("SIGINT", stop)),
  );
  process.exitCode = exit;
}

function io(signal: AbortSignal, endAtOnce: () => void): Io {
  const say = (text: string) => void process.stderr.write(text);
  return {
    stdin: process.stdin,
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    env: process.env,
    signal,
    endAtOnce,
    now: () => Date.now(),
    version: version(),
    askHidden: (question) => ask(question, say, signal),
    confirm: async (question) => {
      const answer = await ask(`${question} [y/N] `, say, signal);
      try {
        return /^y(es)?$/i.test(fromUtf8(answer, "cli/usage").trim());
      } finally {
        wipe(answer);
      }
    },
    slot: passphrase,
    keychain,
  };
}

function output(stream: NodeJS.WriteStream): Output {
  return {
    isTTY: stream.isTTY === true,
    columns: stream.columns,
    write: (text) => new Promise((resolve, reject) => stream.write(text, (error) => (error ? reject(error) : resolve()))),
  };
}

/** Of the package that this file lies in, wherever the build has put it. */
function version(): string {
  for (let up = new URL("./", import.meta.url); ; up = new URL("../", up)) {
    const file = new URL("package.json", up);
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, "utf8")) as { readonly name?: string; readonly version?: string };
      if (name === "keyward" && version !== undefined) return version;
    }
    if (up.pathname === "/" || up.href === new URL("../", up).href) return "unknown";
  }
}
