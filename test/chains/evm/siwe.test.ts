import { createSiweMessage } from "viem/siwe";
import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../../src/base/bytes.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { parseSignIn } from "../../../src/chains/evm/siwe.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import { UNLIMITED } from "../../../src/intent/effect.ts";
import { ACCOUNT, ask, FRIEND, kinds } from "./fixtures.ts";

type Lines = { readonly [line in (typeof NAMES)[number]]?: string | undefined };
const NAMES = [
  "domain",
  "address",
  "gap",
  "statement",
  "uri",
  "version",
  "chain",
  "nonce",
  "issued",
  "expires",
  "notBefore",
  "request",
  "resources",
] as const;

const WANTS = " wants you to sign in with your Ethereum account:";
const DEFAULTS: Lines = {
  domain: `app.example.com${WANTS}`,
  address: ACCOUNT,
  gap: "",
  statement: "I accept the terms: https://app.example.com/tos\n",
  uri: "URI: https://app.example.com/login?next=%2F#top",
  version: "Version: 1",
  chain: "Chain ID: 1",
  nonce: "Nonce: 32891756",
  issued: "Issued At: 2026-11-22T12:00:00Z",
};

/** A valid sign-in with some of its lines changed; `undefined` leaves a line out. */
function signIn(lines: Lines = {}): string {
  const all: Lines = { ...DEFAULTS, ...lines };
  return NAMES.map((name) => all[name])
    .filter((line) => line !== undefined)
    .join("\n");
}

function decode(text: string, { chain = "eip155:1", account = ACCOUNT } = {}) {
  return evm.decode(ask("message", { text }, chain, account), { address: account }, emptyBook);
}
const refusals = (text: string, of = {}) => decode(text, of).refusals.map((reason) => reason.code);

const seconds = (time: string) => BigInt(Date.parse(time) / 1000);

describe("a sign-in (ERC-4361)", () => {
  test("is a statement to a domain, on the chain that it names, until it expires", () => {
    const intent = decode(signIn({ expires: "Expiration Time: 2026-11-23T12:00:00Z" }));
    expect(intent.refusals).toEqual([]);
    expect(intent.effects).toEqual([
      {
        kind: "statement",
        at: [],
        chain: "eip155:1",
        account: ACCOUNT,
        domain: "app.example.com",
        expiry: seconds("2026-11-23T12:00:00Z"),
      },
    ]);
    expect(decode(signIn()).effects[0]!.expiry).toBe(UNLIMITED);
  });

  test("may have every field that there is", () => {
    const text = signIn({
      domain: `https://App.Example.com:8443${WANTS}`,
      chain: "Chain ID: 8453",
      nonce: "Nonce: aZ09aZ09aZ09",
      issued: "Issued At: 2026-11-22T12:00:00.123456789Z",
      expires: "Expiration Time: 2026-11-23T12:00:00.5+02:00",
      notBefore: "Not Before: 2026-11-22T12:00:00-00:00",
      request: "Request ID: a/b".replace("/", "%2F"),
      resources: "Resources:\n- ipfs://bafy/\n- https://[2001:db8::1]:8080/x?y=z#w\n- urn:isbn:0451450523",
    });
    expect(parseSignIn(text)).toEqual({
      domain: "app.example.com:8443",
      address: ACCOUNT,
      chain: "eip155:8453",
      uri: "https://app.example.com/login?next=%2F#top",
      resources: ["ipfs://bafy/", "https://[2001:db8::1]:8080/x?y=z#w", "urn:isbn:0451450523"],
      // Rounded up.
      expiry: seconds("2026-11-23T10:00:01Z"),
    });
    expect(refusals(text, { chain: "eip155:8453" })).toEqual([]);
  });

  test("may leave out its statement, its resources' list may be empty, its address all lowercase", () => {
    expect(refusals(signIn({ statement: "" }))).toEqual([]);
    expect(refusals(signIn({ statement: "\n" }))).toEqual([]);
    expect(refusals(signIn({ resources: "Resources:" }))).toEqual([]);
    expect(refusals(signIn({ request: "Request ID: " }))).toEqual([]);
    expect(refusals(signIn({ address: ACCOUNT.toLowerCase() }))).toEqual([]);
  });

  test("is what viem makes", () => {
    const text = createSiweMessage({
      address: ACCOUNT,
      chainId: 1,
      domain: "example.com",
      nonce: "foobarbaz",
      uri: "https://example.com/path",
      version: "1",
      issuedAt: new Date(0),
      expirationTime: new Date(5000),
      notBefore: new Date(0),
      requestId: "7",
      resources: ["https://example.com/foo"],
    });
    expect(decode(text).effects).toMatchObject([{ kind: "statement", domain: "example.com", expiry: 5n }]);
    expect(refusals(text)).toEqual([]);
  });
});

describe("a sign-in that hands out powers", () => {
  const alsoUnknown = (lines: Lines, domain = "app.example.com") => {
    const { effects, refusals } = decode(signIn(lines));
    const why = expect.any(String);
    expect([lines, refusals, effects[1]]).toEqual([lines, [], { kind: "unknown", at: [], account: ACCOUNT, domain, class: "U2", why }]);
    expect(effects).toMatchObject([{ kind: "statement", domain }, {}]);
  };
  const onlyStatement = (lines: Lines) => expect([lines, kinds(decode(signIn(lines)).effects)]).toEqual([lines, ["statement"]]);
  const at = (domain: string, uri: string): Lines => ({ domain: domain + WANTS, uri: `URI: ${uri}` });

  test("its URI is a key, or a page that anybody on the way can change", () => {
    for (const uri of [
      "lit:session:03c1a5d1",
      "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
      "urn:uuid:f81d4fae",
      "app.example.com:443",
      "https:app.example.com",
      "https:///app.example.com",
      "http://app.example.com/login",
      "ftp://app.example.com/",
      "httpss://app.example.com/",
      "https://app.example.com:65536/",
      "https://app.example.com:84443/login",
    ])
      alsoUnknown({ uri: `URI: ${uri}` });
  });

  test("its URI is of another host than its domain, or only looks as if it were of the same", () => {
    for (const host of [
      "example.com",
      "evil.app.example.com",
      "app.example.com.evil.io",
      "app.example.com.",
      "app%2eexample.com",
      "app.example.com@evil.io",
      "app.example.com:443@evil.io",
      "app.example.com:pass@evil.io",
      "evil.io?app.example.com",
      "[::1]",
    ])
      alsoUnknown({ uri: `URI: https://${host}/login` });
    alsoUnknown(at("localhost:3000", "http://127.0.0.1:3000/"), "localhost:3000");
  });

  test("a resource lists capabilities (ERC-5573), wherever it stands", () => {
    for (const resource of ["urn:recap:eyJhdHQiOnt9fQ", "URN:ReCap:eyJhdHQiOnt9fQ", "urn:recap:"]) {
      alsoUnknown({ resources: `Resources:\n- ${resource}` });
      alsoUnknown({ resources: `Resources:\n- ${resource}\n- https://app.example.com/` });
      alsoUnknown({ resources: `Resources:\n- https://app.example.com/\n- ${resource}` });
    }
    onlyStatement({ resources: "Resources:\n- https://app.example.com/urn:recap:x\n- urn:isbn:0451450523" });
  });

  test("a page of the domain is none of this, on whatever port and in whatever capitals", () => {
    for (const uri of [
      "https://app.example.com",
      "HTTPS://App.Example.com:8443/x",
      "https://app.example.com?x",
      "https://app.example.com:#x",
      "https://app.example.com:65535/",
    ])
      onlyStatement({ uri: `URI: ${uri}` });
    onlyStatement(at("App.Example.com:8443", "https://app.example.com/"));
    onlyStatement(at("localhost:3000", "http://localhost:5173/login"));
    onlyStatement(at("127.0.0.1", "http://127.0.0.1:80/"));
    onlyStatement(at("[::1]:80", "http://[::1]/"));
    onlyStatement(at("[2001:db8::1]", "https://[2001:db8::1]:8080/"));
  });

  test("a host that is longer than a policy can name is left out of the effects", () => {
    const label = "a".repeat(63);
    const host = `${label}.${label}.${label}.${"b".repeat(8)}`;
    expect(decode(signIn(at(host, `https://${host}/`))).effects[0]).toMatchObject({ kind: "statement", domain: host });
    const longer = decode(signIn(at(`${host}b`, "lit:session:03c1"))).effects;
    expect(kinds(longer)).toEqual(["statement", "unknown"]);
    for (const effect of longer) expect(effect).not.toHaveProperty("domain");
  });
});

describe("a sign-in of somebody else", () => {
  test("another account's is refused, the effect is reported", () => {
    const intent = decode(signIn({ address: FRIEND }));
    expect(intent.effects).toMatchObject([{ kind: "statement", domain: "app.example.com", account: ACCOUNT }]);
    expect(intent.refusals).toMatchObject([
      { code: "evm/sign-in-mismatch", params: { field: "account", request: ACCOUNT, message: FRIEND } },
    ]);
  });

  test("another chain's is refused", () => {
    expect(decode(signIn({ chain: "Chain ID: 10" })).refusals).toMatchObject([
      { code: "evm/sign-in-mismatch", params: { field: "chain", request: "eip155:1", message: "eip155:10" } },
    ]);
    expect(refusals(signIn(), { chain: "eip155:10" })).toEqual(["evm/sign-in-mismatch"]);
    expect(refusals(signIn({ chain: "Chain ID: 10", address: FRIEND }))).toEqual(["evm/sign-in-mismatch", "evm/sign-in-mismatch"]);
  });
});

describe("a message that looks like a sign-in and is none", () => {
  const isMalformed = (text: string) => {
    const { effects, refusals } = decode(text);
    expect([text, effects.map(({ kind }) => kind), refusals.map(({ code }) => code)]).toEqual([
      text,
      ["unknown"],
      ["evm/sign-in-malformed"],
    ]);
    expect(effects).toMatchObject([{ class: "U2", account: ACCOUNT }]);
  };

  test("with a line left out, doubled, or out of order", () => {
    for (const name of ["address", "gap", "statement", "uri", "version", "chain", "nonce", "issued"] as const) {
      isMalformed(signIn({ [name]: undefined }));
      if (name !== "statement") isMalformed(signIn({ [name]: `${DEFAULTS[name]}\n${DEFAULTS[name]}` }));
    }
    isMalformed(signIn({ chain: "Nonce: 32891756", nonce: "Chain ID: 1" }));
    isMalformed(signIn({ expires: "Not Before: 2026-11-22T12:00:00Z", notBefore: "Expiration Time: 2026-11-22T12:00:00Z" }));
    isMalformed(signIn({ expires: "Resources:\n- a:b", request: "Request ID: 1" }));
  });

  test("with anything before, behind or between", () => {
    for (const text of [
      `${signIn()}\n`,
      `\n${signIn()}`,
      ` ${signIn()}`,
      `${signIn()} `,
      `${signIn()}\nPS`,
      signIn().replaceAll("\n", "\r\n"),
    ])
      isMalformed(text);
    isMalformed(signIn({ resources: "Resources:\n- a:b\n" }));
    isMalformed(signIn({ resources: "Resources:\n* a:b" }));
    isMalformed(`Please sign: ${signIn()}`);
    isMalformed("somebody wants you to sign in with your Ethereum account: do not");
    isMalformed("app.example.com  WANTS YOU TO SIGN IN\nwith your ethereum account");
    isMalformed(signIn({ statement: "a wants you to sign in with your Ethereum account:\nb\n" }));
  });

  test("with a domain that is no host, or says something else than it looks like", () => {
    const domains = [
      "",
      "foobarbaz",
      "-example.com",
      "example-.com",
      "example.com.",
      ".example.com",
      "exa..mple.com",
      "exa mple.com",
      "user@example.com",
      "google.com@evil.example.com",
      "example.com/path",
      "#foo",
      "exämple.com",
      "ex%61mple.com",
      "example.com:",
      "example.com:080",
      "example.com:65536",
      "1.2.3.256",
      "1.2.3",
      "1.2.3.4.",
      "01.2.3.4",
      "example.123",
      "[::1",
      "[x]",
      `${"a".repeat(64)}.com`,
      "http://example.com",
      "ftp://example.com",
      "foo_bar://example.com",
      "://example.com",
      "https://https://example.com",
    ];
    for (const domain of domains) isMalformed(signIn({ domain: domain + WANTS }));
    for (const domain of [
      "localhost",
      "localhost:3000",
      "127.0.0.1",
      "127.0.0.1:65535",
      "[::1]:80",
      "a.b",
      "xn--exmple-cua.com",
      "3.example.a1",
    ])
      expect(decode(signIn({ domain: domain + WANTS, uri: `URI: https://${domain}/` })).effects).toMatchObject([
        { kind: "statement", domain },
      ]);
  });

  test("with an address of a wrong checksum or another length", () => {
    for (const address of [
      ACCOUNT.replace("d8A", "D8A"),
      ACCOUNT.slice(0, -1),
      `${ACCOUNT}0`,
      ACCOUNT.slice(2),
      ACCOUNT.toUpperCase(),
      "vitalik.eth",
    ])
      isMalformed(signIn({ address }));
  });

  test("with fields that are not in their one form", () => {
    const lines: readonly Lines[] = [
      { version: "Version: 2" },
      { version: "Version: 01" },
      { version: "version: 1" },
      { chain: "Chain ID: 01" },
      { chain: "Chain ID: 0" },
      { chain: "Chain ID: 0x1" },
      { chain: "Chain ID: eip155:1" },
      { chain: `Chain ID: 1${"0".repeat(32)}` },
      { nonce: "Nonce: 1234567" },
      { nonce: "Nonce: 1234567-" },
      { nonce: "Nonce:  12345678" },
      { uri: "URI: #foo" },
      { uri: "URI: /login" },
      { uri: "URI: https://app.example.com/a b" },
      { uri: "URI: https://app.example.com/%zz" },
      { uri: "URI: https://app.example.com/a#b#c" },
      { uri: 'URI: https://app.example.com/"' },
      { uri: "URI: 1ttps://app.example.com" },
      { request: "Request ID: a/b" },
      { request: "Request ID: ä" },
      { resources: "Resources:\n- foo" },
      { resources: "Resources:\n-  https://example.com" },
      { statement: "ä\n" },
      { statement: "a\u202eb\n" },
      { statement: 'say "yes"\n' },
      { statement: "tab\there\n" },
    ];
    for (const line of lines) isMalformed(signIn(line));
  });

  test("with times that do not exist or are not RFC 3339", () => {
    for (const time of [
      "never",
      "",
      "2026-11-22",
      "2026-11-22T12:00Z",
      "2026-11-22 12:00:00Z",
      "2026-11-22t12:00:00z",
      "2026-11-22T12:00:00",
      "2026-11-31T12:00:00Z",
      "2026-02-29T12:00:00Z",
      "2026-13-01T12:00:00Z",
      "2026-00-01T12:00:00Z",
      "2026-11-22T24:00:00Z",
      "2026-11-22T12:60:00Z",
      "2026-11-22T12:00:60Z",
      "2026-11-22T12:00:00.Z",
      "2026-11-22T12:00:00+24:00",
      "2026-11-22T12:00:00+0100",
      "+002026-11-22T12:00:00Z",
      "1795348800",
    ]) {
      isMalformed(signIn({ issued: `Issued At: ${time}` }));
      isMalformed(signIn({ expires: `Expiration Time: ${time}` }));
      isMalformed(signIn({ notBefore: `Not Before: ${time}` }));
    }
    for (const [time, expiry] of [
      ["1969-12-31T23:59:59Z", 0n],
      ["1970-01-01T00:00:00.000000001Z", 1n],
      ["2024-02-29T00:00:00+23:59", seconds("2024-02-28T00:01:00Z")],
      ["9999-12-31T23:59:59-23:59", seconds("9999-12-31T23:59:59Z") + 86_340n],
    ] as const)
      expect(decode(signIn({ expires: `Expiration Time: ${time}` })).effects[0]!.expiry).toBe(expiry);
  });

  test("is told apart quickly, however long it is", () => {
    const long = [
      signIn({ statement: `${"a ".repeat(50_000)}"\n` }),
      signIn({ domain: `${"a.".repeat(50_000)}-${WANTS}` }),
      signIn({ uri: `URI: ${"a:".repeat(50_000)} ` }),
      signIn({ resources: `Resources:${"\n- a:b".repeat(15_000)}"` }),
      signIn({ request: `Request ID: ${"%41".repeat(30_000)}%` }),
      `${"wants you to sign in with your ".repeat(4000)}Ethereum account wants you to sign in with your Ethereum account`,
      `${`wants${" ".repeat(1000)}`.repeat(100)}you to sign in with your Ethereum account, wants you to sign in with your Ethereum account`,
    ];
    const began = performance.now();
    for (const text of long) isMalformed(text);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

test("a sign-in in hex is the same sign-in", () => {
  const text = signIn();
  const intent = evm.decode(ask("message", { hex: `0x${toHex(utf8(text))}` }), { address: ACCOUNT }, emptyBook);
  expect(intent).toEqual(decode(text));
});
