import { armor, Encrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient, Stanza } from "age-encryption";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type AgeTo, type AgeWith, decryptAge, encryptAge } from "../../src/backup/age.ts";
import { passphraseRecipient } from "../../src/backup/age-passphrase.ts";
import { concat, equal, fromUtf8, utf8 } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { pieces, whole } from "./files.ts";

const PASSPHRASE = "correct horse battery";
const code = (wanted: string) => expect.objectContaining({ code: wanted });
const CHUNK = 64 * 1024;

let identity: string;
let recipient: string;
let other: string;
beforeAll(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
  other = await generateX25519Identity();
});

async function seal(content: Uint8Array, to: AgeTo = { recipients: [recipient] }): Promise<Uint8Array> {
  return await whole(await encryptAge(pieces(content, 1000), to));
}

async function open(file: Uint8Array, key: AgeWith = { identities: [identity] }, ...sizes: readonly number[]): Promise<Uint8Array> {
  return await whole(await decryptAge(pieces(file, ...sizes), key));
}

/** What opening ends with: the code of the refusal, or the content. */
async function ends(file: Uint8Array, key?: AgeWith): Promise<string | Uint8Array> {
  try {
    return await open(file, key);
  } catch (cause) {
    if (cause instanceof CustodyError) return cause.code;
    throw cause;
  }
}

/** A file for a passphrase that costs nothing to open. */
async function cheap(content: Uint8Array, workFactor = 4, phrase = PASSPHRASE): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(phrase);
  encrypter.setScryptWorkFactor(workFactor);
  return await encrypter.encrypt(content);
}

const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
const text = (file: Uint8Array) => new TextDecoder("latin1").decode(file);
const latin1 = (written: string) => Uint8Array.from(written, (letter) => letter.charCodeAt(0));

describe("a backup in the age format", () => {
  test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])("comes back as it was: %i bytes", async (length) => {
    const file = await seal(bytes(length));
    expect(text(file).startsWith("age-encryption.org/v1\n-> X25519 ")).toBe(true);
    expect(equal(await open(file), bytes(length))).toBe(true);
  });

  test("is for each of its recipients, and for nobody else", async () => {
    const file = await seal(bytes(100), { recipients: [recipient, await identityToRecipient(other)] });
    expect(await open(file, { identities: [other] })).toEqual(bytes(100));
    expect(await open(file, { identities: [identity] })).toEqual(bytes(100));
    const stranger = await generateX25519Identity();
    expect(await ends(file, { identities: [stranger] })).toBe("backup/cannot-open");
    expect(await open(file, { identities: [stranger, other] })).toEqual(bytes(100));
    expect(await ends(file, { passphrase: PASSPHRASE })).toBe("backup/cannot-open");
  });

  test("for a passphrase opens with it and with no other, as text or bytes", { timeout: 120_000 }, async () => {
    const progress: number[] = [];
    const file = await whole(
      await encryptAge(pieces(bytes(100)), { passphrase: PASSPHRASE, workFactor: 17 }, { onProgress: (done) => progress.push(done) }),
    );
    expect(text(file)).toMatch(/^age-encryption\.org\/v1\n-> scrypt [\w+/]{22} 17\n/);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    const given = utf8(PASSPHRASE);
    expect(await open(file, { passphrase: given })).toEqual(bytes(100));
    expect(fromUtf8(given)).toBe(PASSPHRASE);
    expect(await ends(file, { passphrase: `${PASSPHRASE} ` })).toBe("backup/cannot-open");
  });

  test("costs 2¹⁸ unless said otherwise", { timeout: 120_000 }, async () => {
    const file = await seal(bytes(1), { passphrase: PASSPHRASE });
    expect(text(file)).toMatch(/^age-encryption\.org\/v1\n-> scrypt [\w+/]{22} 18\n/);
  });

  test("takes a passphrase as it is, with no normal form, as the tool does", async () => {
    const composed = await cheap(bytes(5), 4, "Zoë is here");
    expect(await open(composed, { passphrase: "Zoë is here" })).toEqual(bytes(5));
    expect(await ends(composed, { passphrase: "Zoë is here".normalize("NFD") })).toBe("backup/cannot-open");
  });

  test("is read and written in pieces of any size", async () => {
    const content = bytes(2 * CHUNK + 777);
    const file = await seal(content);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 3 * CHUNK }), { minLength: 1, maxLength: 40 }), async (sizes) => {
        expect(equal(await open(file, undefined, ...sizes), content)).toBe(true);
        const again = await whole(await encryptAge(pieces(content, ...sizes), { recipients: [recipient] }));
        expect(again).toHaveLength(file.length);
        expect(equal(await open(again), content)).toBe(true);
      }),
      { numRuns: 8 },
    );
    expect(await open(await seal(bytes(300)), undefined, 1)).toEqual(bytes(300));
  });

  test("is read with armor too", async () => {
    const file = await seal(bytes(5000));
    const armored = utf8(armor.encode(file));
    expect(await open(armored)).toEqual(bytes(5000));
    expect(await open(armored, undefined, 1, 7, 100)).toEqual(bytes(5000));
    expect(await open(concat(utf8("\n\n"), armored, utf8("\n")))).toEqual(bytes(5000));
    expect(await open(utf8(armor.encode(file).replaceAll("\n", "\r\n")))).toEqual(bytes(5000));
    expect(await ends(armored.subarray(0, armored.length - 40))).toBe("backup/damaged");
    expect(await ends(utf8(armor.encode(file).replace(/\n.{64}\n/, "\n")))).toMatch(/^backup\//);
    expect(await ends(utf8(armor.encode(armored)))).toBe("backup/damaged");
  });
});

describe("a file that was changed", () => {
  test("is refused wherever it is cut off", async () => {
    const file = await seal(bytes(200));
    for (let length = 0; length < file.length; length++) expect(await ends(file.subarray(0, length))).toBe("backup/damaged");
    expect(await ends(concat(file, Uint8Array.of(0)))).toBe("backup/damaged");
  });

  test("is refused wherever a byte is flipped", async () => {
    const file = await seal(bytes(60));
    const header = text(file).indexOf("\n---");
    const codes = new Set<string | Uint8Array>();
    for (let at = 0; at < file.length; at++) {
      const flipped = await ends(file.with(at, (file[at] ?? 0) ^ 1));
      codes.add(flipped);
      if (at > header) expect(flipped, `byte ${at}`).toBe("backup/damaged");
    }
    // A key that was changed is a wrong one: nothing tells them apart.
    expect([...codes].sort()).toEqual(["backup/cannot-open", "backup/damaged"]);
  });

  test("is refused wherever a byte is flipped, for a passphrase", async () => {
    const file = await cheap(bytes(20));
    for (let at = 0; at < file.length; at++) {
      expect(await ends(file.with(at, (file[at] ?? 0) ^ 1), { passphrase: PASSPHRASE }), `byte ${at}`).toMatch(
        /^backup\/(damaged|cannot-open|kdf-out-of-bounds)$/,
      );
    }
  });

  test("is refused with chunks exchanged, left out, twice, or of another file", async () => {
    const file = await seal(bytes(3 * CHUNK));
    const start = file.length - 3 * (CHUNK + 16);
    const head = file.subarray(0, start);
    const [one, two, three] = [0, 1, 2].map((at) => file.subarray(start + at * (CHUNK + 16), start + (at + 1) * (CHUNK + 16)));
    const another = (await seal(bytes(3 * CHUNK))).subarray(start, start + CHUNK + 16);
    const parts = [one, two, three] as Uint8Array[];
    expect(equal(await open(concat(head, ...parts)), bytes(3 * CHUNK))).toBe(true);
    for (const order of [[1, 0, 2], [0, 2, 1], [0, 1], [0, 2], [1, 2], [0, 0, 1, 2], [0, 1, 2, 2], []]) {
      expect(await ends(concat(head, ...order.map((at) => parts[at] as Uint8Array)))).toBe("backup/damaged");
    }
    expect(await ends(concat(head, another, parts[1] as Uint8Array, parts[2] as Uint8Array))).toBe("backup/damaged");
  });

  test("gives nothing of what comes behind the change, and its reader learns that it is not whole", async () => {
    const file = await seal(bytes(3 * CHUNK));
    const broken = file.with(file.length - 1, (file.at(-1) ?? 0) ^ 1);
    const got: number[] = [];
    const reading = (async () => {
      for await (const chunk of await decryptAge(pieces(broken, 5000), { identities: [identity] })) got.push(chunk.length);
    })();
    await expect(reading).rejects.toEqual(code("backup/damaged"));
    expect(got).toEqual([CHUNK, CHUNK]);
  });
});

describe("a hostile header", () => {
  /** So many bytes without end; counts what was taken. */
  function endless(start: string, more: string): { readonly file: AsyncIterable<Uint8Array>; readonly taken: () => number } {
    let taken = 0;
    const chunk = latin1(more);
    async function* file(): AsyncGenerator<Uint8Array> {
      yield latin1(start);
      for (;;) {
        taken += chunk.length;
        if (taken > 64 * 1024 * 1024) throw new Error("read without end");
        yield chunk;
      }
    }
    return { file: file(), taken: () => taken };
  }

  test.each([
    ["a first line without end", "", "a".repeat(1000)],
    ["white space without end", "", "\n".repeat(1000)],
    ["a recipient without end", "age-encryption.org/v1\n-> x ", "a".repeat(1000)],
    ["recipients without end", "age-encryption.org/v1\n", "-> x y\nAAAA\n"],
    ["a body without end", "age-encryption.org/v1\n-> x y\n", `${"A".repeat(64)}\n`],
    ["armor without end", "-----BEGIN AGE ENCRYPTED FILE-----\n", `${"A".repeat(64)}\n`.repeat(1000)],
  ])("is refused in bounded work: %s", async (_, start, more) => {
    const { file, taken } = endless(start, more);
    await expect(decryptAge(file, { identities: [identity] })).rejects.toEqual(code("backup/damaged"));
    expect(taken()).toBeLessThan(17 * 1024 * 1024);
  });

  test.each([
    ["2²¹", "21"],
    ["2⁶⁴", "64"],
    ["more than any number", "9".repeat(400)],
  ])("that asks for %s of scrypt is refused before any work", async (_, factor) => {
    const file = latin1(text(await cheap(bytes(5))).replace(/(scrypt \S+) 4\n/, `$1 ${factor}\n`));
    const progress: number[] = [];
    const opened = decryptAge(pieces(file), { passphrase: PASSPHRASE }, { onProgress: (done) => progress.push(done) });
    await expect(opened).rejects.toEqual(code("backup/kdf-out-of-bounds"));
    expect(progress).toEqual([]);
  });

  test.each([
    ["a work factor of zero", / 4\n/, " 0\n"],
    ["a work factor with a zero before it", / 4\n/, " 04\n"],
    ["a negative work factor", / 4\n/, " -4\n"],
    ["a work factor in other digits", / 4\n/, " 0x4\n"],
    ["no work factor", / 4\n/, "\n"],
    ["one argument more", / 4\n/, " 4 4\n"],
    ["another version", /v1/, "v2"],
    ["a second key beside the passphrase", /\n---/, `\n-> X25519 ${"A".repeat(43)}\n${"A".repeat(43)}\n---`],
    ["the passphrase twice", /(-> scrypt[^-]*)/, "$1$1"],
  ])("is refused: %s", async (_, find, replace) => {
    const written = text(await cheap(bytes(5)));
    const changed = written.replace(find, replace);
    expect(changed).not.toBe(written);
    expect(await ends(latin1(changed), { passphrase: PASSPHRASE })).toBe("backup/damaged");
  });

  test("for a passphrase and a further key is refused, whole as it is", async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(passphraseRecipient(utf8(PASSPHRASE), 4, {}, Stanza));
    encrypter.addRecipient(recipient);
    const file = await encrypter.encrypt(bytes(5));
    expect(await ends(file, { passphrase: PASSPHRASE })).toBe("backup/damaged");
    expect(await open(file)).toEqual(bytes(5));
  });

  test("with recipients of kinds that we do not know opens by the one that we do", async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(await generateHybridIdentity()));
    encrypter.addRecipient(recipient);
    expect(await open(await encrypter.encrypt(bytes(9)))).toEqual(bytes(9));
  });
});

describe("what is given", () => {
  test.each<[string, AgeTo, string]>([
    ["a short passphrase", { passphrase: "seven!!" }, "backup/weak-passphrase"],
    ["a passphrase that is no text", { passphrase: "half a character \ud800" }, "backup/weak-passphrase"],
    ["a passphrase of bytes that are no text", { passphrase: new Uint8Array(20).fill(0xff) }, "backup/weak-passphrase"],
    ["a work factor below the floor", { passphrase: PASSPHRASE, workFactor: 16 }, "backup/kdf-out-of-bounds"],
    ["a work factor above the ceiling", { passphrase: PASSPHRASE, workFactor: 21 }, "backup/kdf-out-of-bounds"],
    ["nobody", { recipients: [] }, "backup/bad-key"],
    ["too many", { recipients: Array.from({ length: 33 }, () => `age1${"q".repeat(58)}`) }, "backup/bad-key"],
    ["a recipient with a wrong checksum", { recipients: [`age1${"q".repeat(58)}`] }, "backup/bad-key"],
    ["an identity in a recipient's place", { recipients: [`AGE-SECRET-KEY-1${"Q".repeat(58)}`] }, "backup/bad-key"],
    ["a recipient of a plugin", { recipients: [`age1yubikey1${"q".repeat(58)}`] }, "backup/bad-key"],
    ["a key of SSH", { recipients: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"] }, "backup/bad-key"],
  ])("is refused where it is written for %s", async (_, to, wanted) => {
    await expect(encryptAge(pieces(bytes(1)), to)).rejects.toEqual(code(wanted));
  });

  test("is refused where it is opened with keys of other kinds, and never repeated", async () => {
    const file = await seal(bytes(1));
    const hybrid = await generateHybridIdentity();
    const mistyped = `${identity.slice(0, -1)}${identity.endsWith("Q") ? "P" : "Q"}`;
    for (const key of [hybrid, recipient, identity.toLowerCase(), mistyped, `AGE-PLUGIN-X-1${"Q".repeat(58)}`]) {
      const opened = await decryptAge(pieces(file), { identities: [key] }).catch((cause: CustodyError) => cause);
      expect(opened).toEqual(code("backup/bad-key"));
      expect(JSON.stringify([String(opened), (opened as CustodyError).cause ?? ""])).not.toContain(key.slice(20, 50));
    }
    await expect(decryptAge(pieces(file), { identities: [] })).rejects.toEqual(code("backup/bad-key"));
  });

  test("is refused where it is no file in chunks of bytes", async () => {
    for (const file of [undefined, null, 5, "age", {}, new Uint8Array(5), [new Uint8Array(5)]] as never[]) {
      await expect(decryptAge(file, { identities: [identity] })).rejects.toEqual(code("request/malformed"));
      await expect(encryptAge(file, { recipients: [recipient] })).rejects.toEqual(code("request/malformed"));
    }
    async function* texts(): AsyncGenerator<never> {
      yield "age" as never;
    }
    await expect(decryptAge(texts(), { identities: [identity] })).rejects.toEqual(code("request/malformed"));
    await expect(encryptAge(texts(), { recipients: [recipient] }).then(whole)).rejects.toEqual(code("request/malformed"));
  });
});

describe("a source or a reader that stops", () => {
  async function* failing(file: Uint8Array, from: number): AsyncGenerator<Uint8Array> {
    yield file.slice(0, from);
    throw new Error("the disk is gone");
  }

  test("has its own error come out", async () => {
    const file = await seal(bytes(3 * CHUNK));
    for (const from of [0, 10, 250, CHUNK * 2]) {
      await expect(decryptAge(failing(file, from), { identities: [identity] }).then(whole)).rejects.toThrow("the disk is gone");
    }
    await expect(encryptAge(failing(bytes(CHUNK), CHUNK), { recipients: [recipient] }).then(whole)).rejects.toThrow("the disk is gone");
  });

  test("is told: who reads no further ends the source", async () => {
    let ended = 0;
    async function* content(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield bytes(CHUNK);
      } finally {
        ended++;
      }
    }
    for await (const _ of await encryptAge(content(), { recipients: [recipient] })) break;
    await expect.poll(() => ended).toBe(1);
  });

  test("is never far ahead of its reader", async () => {
    let taken = 0;
    async function* content(): AsyncGenerator<Uint8Array> {
      for (; taken < 1000; taken++) yield bytes(CHUNK);
    }
    const reader = (await encryptAge(content(), { recipients: [recipient] }))[Symbol.asyncIterator]();
    for (let read = 0; read < 20; read++) await reader.next();
    expect(taken).toBeLessThan(40);
    await reader.return?.();
  });

  test("is ended by its signal: before, while a passphrase is derived, and while nothing comes", { timeout: 60_000 }, async () => {
    const aborted = code("backup/aborted");
    const now = AbortSignal.abort();
    await expect(encryptAge(pieces(bytes(1)), { recipients: [recipient] }, { signal: now })).rejects.toEqual(aborted);
    const deriving = new AbortController();
    const started = encryptAge(
      pieces(bytes(1)),
      { passphrase: PASSPHRASE },
      { signal: deriving.signal, onProgress: () => deriving.abort() },
    );
    await expect(started).rejects.toEqual(aborted);
    const file = await seal(bytes(2 * CHUNK));
    for (const from of [0, 20, CHUNK]) {
      async function* stuck(): AsyncGenerator<Uint8Array> {
        yield file.slice(0, from);
        await new Promise(() => undefined);
      }
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 20);
      await expect(decryptAge(stuck(), { identities: [identity] }, { signal: stop.signal }).then(whole)).rejects.toEqual(aborted);
    }
  });
});
