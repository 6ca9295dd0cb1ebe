import slip39 from "slip39";
import helper from "slip39/src/slip39_helper.js";
import { equal, wipe } from "../base/bytes.ts";
import type { Answer, Asked } from "./messages.ts";

// The whole realm of the package slip39: it writes to the prototypes of arrays and texts, so it is loaded here and nowhere else.
// scripts/slip39-worker.ts makes one file of this, with the library inside; realm.ts starts it, asks, and ends it.

interface Port {
  postMessage(answer: Answer, transfer: readonly Transferable[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: Asked }) => void): void;
}

/** In Node a worker's port is no global. */
const threads = globalThis.process?.getBuiltinModule?.("worker_threads");

listen();

function listen(): void {
  const nodePort = threads?.parentPort;
  if (nodePort) nodePort.on("message", (asked: Asked) => reply(asked, (answer, transfer) => nodePort.postMessage(answer, [...transfer])));
  else {
    const port = globalThis as unknown as Port;
    port.addEventListener("message", ({ data }) => reply(data, (answer, transfer) => port.postMessage(answer, transfer)));
  }
}

function reply(asked: Asked, send: (answer: Answer, transfer: readonly ArrayBuffer[]) => void): void {
  let answer: Answer;
  try {
    answer = answerTo(asked);
  } catch {
    // What the library says holds shares. That something was wrong with them is all that there is to say.
    answer = { kind: "refused" };
  }
  send(answer, answer.kind === "secret" ? [answer.secret.buffer as ArrayBuffer] : []);
}

function answerTo(asked: Asked): Answer {
  switch (asked.ask) {
    case "words":
      return { kind: "words", words: helper.WORD_LIST };
    case "split":
      return { kind: "shares", groups: split(asked) };
    case "combine":
      return combine(asked.sets, asked.passphrase);
  }
}

function split(asked: Asked & { readonly ask: "split" }): readonly (readonly string[])[] {
  const secret = Array.from(asked.secret);
  wipe(asked.secret);
  try {
    const { root } = slip39.fromArray(secret, {
      passphrase: asked.passphrase,
      threshold: asked.groupThreshold,
      groups: asked.groups,
      iterationExponent: asked.iterationExponent,
      extendableBackupFlag: asked.extendable ? 1 : 0,
    });
    return root.children.map(({ children }) => children.map(({ mnemonic }) => mnemonic));
  } finally {
    secret.fill(0);
  }
}

function combine(sets: readonly (readonly string[])[], passphrase: string): Answer {
  const secrets = sets.map((set) => {
    const recovered = slip39.recoverSecret(set, passphrase);
    const secret = Uint8Array.from(recovered);
    recovered.fill(0);
    return secret;
  });
  const [first, ...others] = secrets;
  const agree = first !== undefined && others.every((other) => equal(other, first));
  wipe(...(agree ? others : secrets));
  return agree ? { kind: "secret", secret: first } : { kind: "refused" };
}
