import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Io, Output } from "../../src/cli/io.ts";
import { run } from "../../src/cli/run.ts";
import { keychainIn } from "../../src/slots/keychain/keychain.ts";
import type { Keychain } from "../../src/slots/keychain/package.ts";
import { FakeKeychain } from "../slots/fake-keychain.ts";
import { rawSlot } from "../vault/setting.ts";

export const PHRASE = "correct horse battery staple";

export class Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;

  constructor(exit: number, out: string, err: string) {
    this.exit = exit;
    this.out = out;
    this.err = err;
  }

  /** Standard output as one JSON object. */
  get json(): Draft {
    return JSON.parse(this.out);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever a command prints; each test says what it must be.
export type Draft = any;

export interface Given {
  readonly stdin?: string | Uint8Array | readonly Uint8Array[];
  /** What a person types at the hidden prompts, one after the other. */
  readonly typed?: readonly string[];
  readonly says?: boolean;
  readonly tty?: boolean;
  readonly env?: Io["env"];
  readonly signal?: AbortSignal;
  readonly now?: number;
}

/** Output that is kept. */
export class Heard implements Output {
  readonly isTTY: boolean;
  text = "";

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  async write(text: string): Promise<void> {
    this.text += text;
  }
}

/** A directory of its own, and the command line run inside this process. A passphrase costs nothing here. */
export class Shell {
  readonly directory: string = mkdtempSync(join(tmpdir(), "keyward-cli-"));
  /** Every answer of a hidden prompt, as it was handed out: the command must have wiped it. */
  readonly handedOut: Uint8Array[] = [];

  readonly entries: FakeKeychain = new FakeKeychain();
  /** What the machine has for a keychain. */
  keychain: () => Promise<Keychain> = () => Promise.resolve(this.entries);

  file(name: string, content: unknown, mode = 0o600): string {
    const path = join(this.directory, name);
    writeFileSync(path, typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content, null, 1), {
      mode,
    });
    return path;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async run(argv: readonly string[], given: Given = {}): Promise<Ran> {
    const out = new Heard(given.tty ?? false);
    const err = new Heard(given.tty ?? false);
    const typed = [...(given.typed ?? [])];
    const exit = await run(argv, {
      stdin: chunks(given.stdin ?? ""),
      stdout: out,
      stderr: err,
      env: given.env ?? {},
      signal: given.signal ?? new AbortController().signal,
      endAtOnce: () => undefined,
      now: () => given.now ?? Date.parse("2026-11-22T12:00:00Z"),
      version: "0.0.0-test",
      askHidden: async () => {
        const answer = typed.shift();
        if (answer === undefined) throw new Error("a prompt that nobody answers");
        const bytes = new TextEncoder().encode(answer);
        this.handedOut.push(bytes);
        return bytes;
      },
      confirm: async () => given.says ?? false,
      slot: (phrase) => rawSlot(sha256(phrase)),
      keychain: () => keychainIn(this.keychain, {}),
    });
    return new Ran(exit, out.text, err.text);
  }

  /** The same on the vault `v` of this shell, which the passphrase file opens. */
  on(argv: readonly string[], given: Given = {}): Promise<Ran> {
    return this.run([...argv, "--vault", this.path("v"), "--passphrase-file", this.path("phrase")], given);
  }

  /** Makes the vault `v` with this policy, the key of the hostile cases and its account `Main`. */
  async vault(policy: unknown): Promise<void> {
    this.file("phrase", `${PHRASE}\n`);
    this.file("pk", "46".repeat(32));
    this.file("policy.json", policy);
    for (const argv of [
      ["init", "--policy", this.path("policy.json"), "--private-key-file", this.path("pk")],
      ["account", "derive", "Main"],
    ]) {
      const { exit, err } = await this.on(argv);
      if (exit !== 0) throw new Error(`${argv.join(" ")}: ${err}`);
    }
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function* chunks(stdin: NonNullable<Given["stdin"]>): AsyncGenerator<Uint8Array> {
  if (typeof stdin === "string") yield new TextEncoder().encode(stdin);
  else if (stdin instanceof Uint8Array) yield stdin;
  else yield* stdin;
}
