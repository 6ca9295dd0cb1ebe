import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { passkey, passkeySupport } from "../../src/slots/index.ts";
import { type Answers, type Authenticator, authenticators, type SoftwareAuthenticator, softwareAuthenticator } from "./authenticator.ts";
import { bundleForBrowser, launchBrowser, launchProfile, page as pageOf, type Site, serveSite } from "./site.ts";
import type { Way } from "./ways.ts";

let browser: Browser;
let site: Site;
let files: ReturnType<typeof pageOf>;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  files = pageOf(await bundleForBrowser(fileURLToPath(new URL("./ways.ts", import.meta.url))));
  [browser, site] = await Promise.all([launchBrowser(), serveSite(files)]);
}, 30_000);
afterAll(() => Promise.all([browser.close(), site.close()]));
beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  await page.goto(site.origin);
});
afterEach(() => context.close());

/** A passkey of the one authenticator that is there, as a slot. */
const enrol = (slotId = "01".repeat(8)): Promise<Way> => page.evaluate((slotId) => ways.enrol(ways.passkey(), slotId), slotId);
const open = ({ id, parameters }: Omit<Way, "secret">): Promise<string> =>
  page.evaluate((way) => ways.open(ways.passkey(), way), { id, parameters });

/** The page with an authenticator that answers as it is told. */
async function withSoftware(master = "5e".repeat(32)): Promise<void> {
  await page.addInitScript(softwareAuthenticator, master);
  await page.reload();
}

type Software = typeof globalThis & { readonly authenticator: SoftwareAuthenticator };

const answer = (answers: Answers) =>
  page.evaluate((answers) => {
    (globalThis as Software).authenticator.answers = answers;
  }, answers);

describe("a vault that opens with a passkey", () => {
  test("opens to sign after a reload, with one question, and by nothing but that passkey", async () => {
    const plug = await authenticators(context, page);
    const authenticator = await plug();
    await page.evaluate(async () => {
      const store = ways.indexedDbStore("vault");
      const vault = await ways.createVault({ store, slots: [ways.passkey()], viewSlots: [ways.deviceKey()], state: {} });
      await vault.transact((tx) => tx.putSecret("wallet", new Uint8Array([1, 2, 3])));
      vault.lock();
    });
    await page.reload();
    const opened = () =>
      page.evaluate(async () => {
        const count = ways.questions();
        const store = ways.indexedDbStore("vault");
        const vault = await ways.openVault({ store, slot: ways.passkey() });
        const secret = await vault.withSecret("wallet", async (bytes) => ways.toHex(bytes));
        vault.lock();
        const view = await ways.openVault({ store, slot: ways.deviceKey() });
        const seen = await ways.codeOf(view.withSecret("wallet", async (bytes) => bytes.slice()));
        view.lock();
        await store.close();
        return { secret, seen, ...count };
      });
    expect(await opened()).toEqual({ secret: "010203", seen: "vault/view-only", made: 0, asked: 1 });
    await authenticator.remove();
    await plug();
    const code = await page.evaluate(() => ways.codeOf(ways.openVault({ store: ways.indexedDbStore("vault"), slot: ways.passkey() })));
    expect(code).toBe("slot/not-allowed");
  });

  test("opens to sign after a restart of the browser", async () => {
    const profile = mkdtempSync(join(tmpdir(), "keyward-passkey-"));
    const launch = async () => {
      const context = await launchProfile(profile);
      await context.addInitScript(softwareAuthenticator, "a7".repeat(32));
      const page = await context.newPage();
      await page.goto(site.origin);
      return { context, page };
    };
    try {
      const first = await launch();
      await first.page.evaluate(async () => {
        const vault = await ways.createVault({ store: ways.indexedDbStore("vault"), slots: [ways.passkey()], state: {} });
        await vault.transact((tx) => tx.putSecret("wallet", new Uint8Array([1, 2, 3])));
        vault.lock();
      });
      await first.context.close();
      const second = await launch();
      const secret = await second.page.evaluate(async () => {
        const vault = await ways.openVault({ store: ways.indexedDbStore("vault"), slot: ways.passkey() });
        return vault.withSecret("wallet", async (bytes) => ways.toHex(bytes));
      });
      expect(secret).toBe("010203");
      await second.context.close();
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });

  test("is not made, and nothing is left behind, where the passkey gives no secret", async () => {
    const plug = await authenticators(context, page);
    const authenticator = await plug({ hasPrf: false });
    const seen = await page.evaluate(async () => {
      const store = ways.indexedDbStore("vault");
      const count = ways.questions();
      const code = await ways.codeOf(ways.createVault({ store, slots: [ways.passkey()], state: {} }));
      return { code, ...count, records: (await ways.dump(store)).size };
    });
    expect(seen).toEqual({ code: "slot/no-prf", made: 1, asked: 0, records: 0 });
    await expect.poll(authenticator.credentials).toBe(0);
  });

  test("is not made, and nothing is left behind, where the passkey's secret is asked for afterwards and refused", async () => {
    const authenticator = await (await authenticators(context, page))();
    const codes = await page.evaluate(async () => {
      const { getClientExtensionResults } = PublicKeyCredential.prototype;
      PublicKeyCredential.prototype.getClientExtensionResults = function (this: PublicKeyCredential) {
        return { prf: { enabled: getClientExtensionResults.call(this).prf?.enabled ?? false } };
      };
      navigator.credentials.get = async () => {
        throw new DOMException("cancelled", "NotAllowedError");
      };
      return ways.codeOf(ways.passkey().enrol(ways.context("01".repeat(8))));
    });
    expect(codes).toBe("slot/not-allowed");
    await expect.poll(authenticator.credentials).toBe(0);
  });

  test("is not made where a browser says beforehand that it can hand on no secret, and nobody is asked", async () => {
    await (await authenticators(context, page))();
    const seen = await page.evaluate(async () => {
      PublicKeyCredential.getClientCapabilities = async () => ({ "extension:prf": false });
      const count = ways.questions();
      return { code: await ways.codeOf(ways.passkey().enrol(ways.context("01".repeat(8)))), ...count };
    });
    expect(seen).toEqual({ code: "slot/no-prf", made: 0, asked: 0 });
  });

  test("is neither made nor opened without its user being verified", async () => {
    const plug = await authenticators(context, page);
    const authenticator = await plug();
    const way = await enrol();
    await authenticator.verify(false);
    expect(await open(way)).toBe("slot/not-allowed");
    expect(await page.evaluate(() => ways.codeOf(ways.passkey().enrol(ways.context("02".repeat(8)))))).toBe("slot/not-allowed");
    expect(await authenticator.credentials()).toBe(1);
  });
});

describe("the secret of a passkey", () => {
  test("is the same each time, for this slot of this vault, this salt and this passkey alone", async () => {
    await (await authenticators(context, page))();
    const way = await enrol();
    const other = await enrol();
    const changed = (more: object) => ({ ...way, parameters: { ...way.parameters, ...more } });
    const secrets = [
      way.secret,
      await open({ ...way, id: "02".repeat(8) }),
      await page.evaluate((way) => ways.open(ways.passkey(), way, { vaultId: "cd".repeat(16) }), way),
      await open(changed({ salt: other.parameters.salt })),
      await open(changed({ credential: other.parameters.credential })),
      other.secret,
    ];
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(secrets).size).toBe(secrets.length);
    for (let time = 0; time < 3; time++) expect(await open(way)).toBe(way.secret);
  });

  test("is asked for a second time at enrolment where the authenticator did not give it at once, or without its user", async () => {
    await withSoftware();
    for (const answers of [{ later: true }, { flags: 0x41 }]) {
      await answer(answers);
      const made = await page.evaluate(async (answers) => {
        const { authenticator } = globalThis as Software;
        const count = ways.questions();
        const { get } = navigator.credentials;
        // The second answer is as it should be.
        navigator.credentials.get = (options) => {
          if (answers.flags) authenticator.answers = {};
          return get.call(navigator.credentials, options);
        };
        return { way: await ways.enrol(ways.passkey()), ...count };
      }, answers as Answers);
      expect(made).toMatchObject({ made: 1, asked: 1 });
      await answer({});
      expect(await open(made.way)).toBe(made.way.secret);
    }
  });

  test("is never put in place by anything else: an answer without it, with zeros, with fewer or more bytes makes no slot and opens none", async () => {
    await withSoftware();
    const way = await enrol();
    const made = () => page.evaluate(() => ways.codeOf(ways.passkey().enrol(ways.context("01".repeat(8)))));
    for (const output of [null, "00".repeat(32), "11".repeat(31), "11".repeat(33), "11"]) {
      await answer({ output });
      expect([output, await open(way), await made()]).toEqual([output, "slot/no-prf", "slot/no-prf"]);
    }
    await answer({ enabled: false });
    expect(await made()).toBe("slot/no-prf");
  });

  test("is not taken from an answer of another passkey, another site, or without its user: present and verified", async () => {
    await withSoftware();
    const way = await enrol();
    const bad: Answers[] = [
      { id: "22".repeat(32) },
      { id: "22".repeat(16) },
      { rpId: "evil.example" },
      { flags: 0x01 },
      { flags: 0x04 },
      { flags: 0 },
    ];
    for (const answers of bad) {
      await answer(answers);
      expect([answers, await open(way)]).toEqual([answers, "vault/cannot-open"]);
    }
    await answer({ type: "password" });
    expect(await open(way)).toBe("slot/unavailable");
    await answer({});
    expect(await open(way)).toBe(way.secret);
  });

  test("leaves nothing of the authenticator's answer in memory, neither of a good one nor of a bad one", async () => {
    await withSoftware();
    const way = await enrol();
    for (const answers of [{}, { rpId: "evil.example" }, { enabled: false }, { output: "11".repeat(33) }, { flags: 0x01 }]) {
      await answer(answers);
      await open(way);
      await page.evaluate(() => ways.codeOf(ways.passkey().enrol(ways.context("01".repeat(8)))));
    }
    const left = await page.evaluate(() => {
      const { given } = (globalThis as Software).authenticator;
      return { given: given.length, left: given.filter((bytes) => bytes.some((byte) => byte !== 0)).length };
    });
    expect(left.given).toBeGreaterThanOrEqual(11);
    expect(left.left).toBe(0);
  });
});

describe("a person with passkeys", () => {
  test("is asked once for a vault of three, and opens it with the one that they have", async () => {
    const plug = await authenticators(context, page);
    const made: Way[] = [];
    const plugged: Authenticator[] = [];
    for (const id of ["01", "02", "03"]) {
      const one = await plug({ transport: "usb" });
      made.push(await enrol(id.repeat(8)));
      // Nobody touches it while the next one is made.
      await one.attend(false);
      plugged.push(one);
    }
    await Promise.all([plugged[0]?.remove(), plugged[2]?.remove(), plugged[1]?.attend(true)]);
    const seen = await page.evaluate(async (slots) => {
      const count = ways.questions();
      const { vaultId, random } = ways.context("");
      const { id, secret } = await ways.passkey().openAny(slots, { vaultId, random });
      return { id, secret: ways.toHex(secret), ...count };
    }, made);
    expect(seen).toEqual({ id: "02".repeat(8), secret: made[1]?.secret, made: 0, asked: 1 });
  });

  test.each(["alone", "beside a key"])("is asked once by a vault of three, %s", async (how) => {
    const plug = await authenticators(context, page);
    const plugged: Authenticator[] = [];
    await page.exposeFunction("plugNext", async () => {
      await plugged.at(-1)?.attend(false);
      plugged.push(await plug({ transport: "usb" }));
    });
    await page.evaluate(async (how) => {
      const { plugNext } = globalThis as unknown as { plugNext(): Promise<void> };
      // Each authenticator comes when its passkey is made.
      const plugged = (slot: ReturnType<typeof ways.passkey>) => ({
        ...slot,
        enrol: async (at: Parameters<typeof slot.enrol>[0]) => {
          await plugNext();
          return slot.enrol(at);
        },
      });
      const slot = () => (how === "alone" ? plugged(ways.passkey()) : ways.allOf([ways.rawSlot(), plugged(ways.passkey())]));
      (await ways.createVault({ store: ways.indexedDbStore("vault"), slots: [slot(), slot(), slot()], state: {} })).lock();
    }, how);
    await Promise.all([plugged[0]?.remove(), plugged[2]?.remove(), plugged[1]?.attend(true)]);
    const opened = (byte: number) =>
      page.evaluate(
        async ([how, byte]) => {
          const count = ways.questions();
          const slot = how === "alone" ? ways.passkey() : ways.allOf([ways.passkey(), ways.rawSlot(byte)]);
          const code = await ways.codeOf(ways.openVault({ store: ways.indexedDbStore("vault"), slot }));
          return { code, asked: count.asked };
        },
        [how, byte] as const,
      );
    expect(await opened(1)).toEqual({ code: "nothing was thrown", asked: 1 });
    if (how === "beside a key") expect(await opened(2)).toEqual({ code: "vault/cannot-open", asked: 1 });
  });

  test("is asked for those of this site and of our form only", async () => {
    await withSoftware();
    const [first, second, third] = [await enrol("01".repeat(8)), await enrol("02".repeat(8)), await enrol("03".repeat(8))];
    const seen = await page.evaluate(
      async (slots) => {
        const { vaultId, random } = ways.context("");
        const { id, secret } = await ways.passkey().openAny(slots, { vaultId, random });
        const { allowCredentials = [] } = (globalThis as Software).authenticator.options.at(-1) ?? {};
        return { id, secret: ways.toHex(secret), asked: allowCredentials.map((one) => ways.toHex(new Uint8Array(one.id as ArrayBuffer))) };
      },
      [
        first,
        second,
        { ...third, parameters: { ...third.parameters, rp: "elsewhere.example" } },
        { ...third, parameters: { ...third.parameters, salt: "" } },
        // The same passkey again, under another salt, as a hostile file may have it.
        { ...first, id: "04".repeat(8), parameters: { ...first.parameters, salt: "77".repeat(32) } },
      ],
    );
    expect(seen).toEqual({ id: second.id, secret: second.secret, asked: [first.parameters.credential, second.parameters.credential] });
  });

  test("ends the question with their signal, before and while it is asked", async () => {
    const authenticator = await (await authenticators(context, page))();
    const way = await enrol();
    await authenticator.attend(false);
    const codes = await page.evaluate(async (way) => {
      const stopped = async (start: (signal: AbortSignal) => Promise<unknown>, abort: boolean) => {
        const control = new AbortController();
        if (abort) control.abort();
        const code = ways.codeOf(start(control.signal));
        await ways.sleep(100);
        control.abort();
        return code;
      };
      const enrol = (signal: AbortSignal) => ways.passkey().enrol(ways.context("02".repeat(8), { signal }));
      const open = (signal: AbortSignal) => ways.passkey().open(way.parameters, ways.context(way.id, { signal }));
      const count = ways.questions();
      const before = [await stopped(enrol, true), await stopped(open, true), count.made + count.asked];
      return [...before, await stopped(enrol, false), await stopped(open, false), count.made + count.asked];
    }, way);
    expect(codes).toEqual(["vault/aborted", "vault/aborted", 0, "vault/aborted", "vault/aborted", 2]);
  });

  test("hears what the browser refused by a code of its own", async () => {
    await withSoftware();
    const way = await enrol();
    const codes: [string, string][] = [
      ["NotAllowedError", "slot/not-allowed"],
      ["SecurityError", "slot/wrong-site"],
      ["NotSupportedError", "slot/unavailable"],
      ["ConstraintError", "slot/unavailable"],
      ["AbortError", "slot/unavailable"],
    ];
    for (const [throws, code] of codes) {
      await answer({ throws });
      const made = await page.evaluate(() => ways.codeOf(ways.passkey().enrol(ways.context("01".repeat(8)))));
      expect([throws, made, await open(way)]).toEqual([throws, code, code]);
    }
  });

  test("gets a passkey of its own each time, whose user handle takes no other's place, that verifies its user", async () => {
    await withSoftware();
    await enrol();
    const way = await enrol();
    await open(way);
    const asked = await page.evaluate(() => (globalThis as Software).authenticator.options.pop());
    expect(asked).toMatchObject({ rpId: "localhost", userVerification: "required" });
    const options = await page.evaluate(() =>
      (globalThis as Software).authenticator.options.map(({ user, challenge, authenticatorSelection, attestation, rp }) => ({
        user: ways.toHex(user.id as Uint8Array),
        name: user.name,
        challenge: ways.toHex(challenge as Uint8Array),
        authenticatorSelection,
        attestation,
        rp,
      })),
    );
    expect(new Set(options.flatMap(({ user, challenge }) => [user, challenge])).size).toBe(4);
    const authenticatorSelection = { residentKey: "preferred", userVerification: "required" };
    for (const one of options)
      expect(one).toMatchObject({ authenticatorSelection, attestation: "none", name: "vault", rp: { id: "localhost", name: "localhost" } });
  });
});

describe("the site of a passkey", () => {
  test("is asked for by no page of another origin", async () => {
    await (await authenticators(context, page))();
    const way = await enrol();
    const other = await elsewhere("https://evil.example");
    await (await authenticators(context, other))();
    const codes = await other.evaluate(async (way) => {
      const count = ways.questions();
      const plain = await ways.open(ways.passkey(), way);
      const before = count.asked;
      const disguised = await ways.open(ways.passkey({ rpId: "localhost" }), way);
      const made = await ways.codeOf(ways.passkey({ rpId: "localhost" }).enrol(ways.context(way.id)));
      return { plain, before, disguised, made };
    }, way);
    expect(codes).toEqual({ plain: "slot/wrong-site", before: 0, disguised: "slot/wrong-site", made: "slot/wrong-site" });
  });

  test("can be a domain above the page's, for all pages below it", async () => {
    const rpId = "keyward.example";
    const first = await elsewhere(`https://app.${rpId}`);
    const authenticator = await authenticators(context, first);
    await authenticator();
    const way = await first.evaluate((rpId) => ways.enrol(ways.passkey({ rpId, rpName: "Keyward", userName: "Main" })), rpId);
    expect(way.parameters.rp).toBe(rpId);
    await first.goto(`https://other.${rpId}`);
    const opened = await first.evaluate(([rpId, way]) => ways.open(ways.passkey({ rpId }), way), [rpId, way] as const);
    expect(opened).toBe(way.secret);
    expect(await first.evaluate((way) => ways.open(ways.passkey(), way), way)).toBe("slot/wrong-site");
  });

  /** The same page at another address, without any network. */
  async function elsewhere(origin: string): Promise<Page> {
    const { hostname } = new URL(origin);
    await context.route(
      (url) => url.hostname.endsWith(hostname.split(".").slice(-2).join(".")),
      (route) => {
        const file = files[new URL(route.request().url()).pathname];
        return file === undefined
          ? route.fulfill({ status: 404 })
          : route.fulfill({ body: String(file.body), contentType: file.type, headers: { ...file.headers } });
      },
    );
    const opened = await context.newPage();
    await opened.goto(origin);
    return opened;
  }
});

describe("parameters that somebody else wrote", () => {
  test("never reach the browser unless they are of our form, nor do they open", async () => {
    await (await authenticators(context, page))();
    const way = await enrol();
    const { credential, salt } = way.parameters as { credential: string; salt: string };
    const values = [undefined, null, 0, 1, true, [], {}, "", "x", [way.parameters], "a".repeat(100_000), -1];
    const wrong: object[] = Object.keys(way.parameters).flatMap((name) =>
      values
        .filter((value) => !(name === "transports" && Array.isArray(value) && value.length === 0))
        .map((value) => ({ ...way.parameters, [name]: value })),
    );
    wrong.push(
      {},
      { ...way.parameters, more: 1 },
      { ...way.parameters, salt: salt.toUpperCase() },
      { ...way.parameters, salt: salt.slice(2) },
      { ...way.parameters, credential: `0x${credential}` },
      { ...way.parameters, credential: credential.slice(1) },
      { ...way.parameters, credential: "ab".repeat(15) },
      { ...way.parameters, credential: "ab".repeat(1024) },
      { ...way.parameters, transports: Array(9).fill("usb") },
      { ...way.parameters, transports: ["usb\0"] },
      { ...way.parameters, rp: "Localhost" },
      { ...way.parameters, rp: "localhost/" },
      { ...way.parameters, rp: ".localhost" },
      { ...way.parameters, rp: "a.".repeat(150) },
    );
    const seen = await page.evaluate(
      async ([id, wrong]) => {
        const count = ways.questions();
        const codes = await Promise.all(
          wrong.map((parameters) => ways.open(ways.passkey(), { id, parameters: parameters as Way["parameters"] })),
        );
        return { codes: [...new Set(codes)], ...count };
      },
      [way.id, wrong] as const,
    );
    // A domain like any other, which is not this one.
    expect(seen).toEqual({ codes: ["vault/cannot-open", "slot/wrong-site"], made: 0, asked: 0 });
  });

  test("with one digit changed give another secret, or find no passkey", async () => {
    await (await authenticators(context, page))();
    const way = await enrol();
    for (const name of ["credential", "salt"] as const) {
      const text = way.parameters[name] as string;
      for (const at of name === "salt" ? [0, 31, 63] : [5]) {
        const digit = text[at] === "0" ? "1" : "0";
        const given = await open({ ...way, parameters: { ...way.parameters, [name]: text.slice(0, at) + digit + text.slice(at + 1) } });
        expect(given).toMatch(name === "salt" ? /^[0-9a-f]{64}$/ : /^slot\/not-allowed$/);
        expect(given).not.toBe(way.secret);
      }
    }
    // Ways to reach it that this browser does not know are skipped, but they belong to what was enrolled.
    for (const transports of [["internal", "of-tomorrow"], []]) {
      const given = await open({ ...way, parameters: { ...way.parameters, transports } });
      expect(given).toMatch(/^[0-9a-f]{64}$/);
      expect(given).not.toBe(way.secret);
    }
  });
});

describe("passkeySupport()", () => {
  test("says what is there, and nothing that nobody can know", async () => {
    const support = () => page.evaluate(() => ways.passkeySupport());
    expect(await support()).toEqual({ webauthn: true, platformAuthenticator: false, prf: true });
    await (await authenticators(context, page))();
    expect(await support()).toEqual({ webauthn: true, platformAuthenticator: true, prf: true });
    await page.evaluate(() => {
      const refused = async () => {
        throw new DOMException("no", "NotAllowedError");
      };
      PublicKeyCredential.getClientCapabilities = refused;
      PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable = refused;
    });
    expect(await support()).toEqual({ webauthn: true, platformAuthenticator: undefined, prf: undefined });
    await page.evaluate(() => {
      Reflect.deleteProperty(PublicKeyCredential, "getClientCapabilities");
      Reflect.deleteProperty(PublicKeyCredential, "isUserVerifyingPlatformAuthenticatorAvailable");
    });
    expect(await support()).toEqual({ webauthn: true, platformAuthenticator: undefined, prf: undefined });
    await page.evaluate(() => Reflect.deleteProperty(globalThis, "PublicKeyCredential"));
    expect(await support()).toEqual({ webauthn: false, platformAuthenticator: false, prf: false });
    expect(await page.evaluate(() => ways.codeOf(ways.passkey().enrol(ways.context("01".repeat(8)))))).toBe("slot/unavailable");
  });

  test("says in Node that there are none, and a passkey there is refused when it is used, not when it is made", async () => {
    expect(await passkeySupport()).toEqual({ webauthn: false, platformAuthenticator: false, prf: false });
    const random = (length: number) => new Uint8Array(length).fill(1);
    const at = { vaultId: "ab".repeat(16), slotId: "01".repeat(8), random };
    const parameters = { credential: "ab".repeat(32), rp: "localhost", salt: "cd".repeat(32), transports: [] };
    for (const slot of [passkey(), passkey({ rpId: "localhost" })]) {
      await expect(slot.enrol(at)).rejects.toMatchObject({ code: "slot/unavailable" });
      await expect(slot.open(parameters, at)).rejects.toMatchObject({ code: "slot/unavailable" });
    }
  });

  test("options that are none are refused at once", () => {
    for (const options of [
      null,
      1,
      "localhost",
      { rpId: "Localhost" },
      { rpId: "" },
      { rpId: 1 },
      { rpName: "" },
      { userName: "x".repeat(65) },
      { userName: "\ud800" },
    ])
      expect(() => passkey(options as never), JSON.stringify(options)).toThrow(expect.objectContaining({ code: "request/malformed" }));
  });
});
