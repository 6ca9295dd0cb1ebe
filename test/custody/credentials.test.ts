import { Wallet } from "ethers";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { proveApproval, proveSession } from "../../src/approvals/credential.ts";
import { readSession } from "../../src/approvals/session.ts";
import { readApproval } from "../../src/approvals/statement.ts";
import { approvalTypedData, sessionTypedData, type TypedData } from "../../src/approvals/typed-data.ts";
import { fromHex } from "../../src/base/bytes.ts";
import type { Json, JsonObject } from "../../src/base/canonical.ts";
import {
  approveOffline,
  type CredentialSigner,
  type Custody,
  keyCredential,
  type WalletSigner,
  walletCredential,
} from "../../src/index.ts";
import type { Credential } from "../../src/policy/core.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const viem = privateKeyToAccount(`0x${"11".repeat(32)}`);
const ethers = new Wallet(`0x${"22".repeat(32)}`);
const thief = privateKeyToAccount(`0x${"33".repeat(32)}`);

/** The wallets of cyd and dee: an account of viem as it is, and a signer of ethers with the one line that it needs. */
const cyd = walletCredential(viem);
const dee = walletCredential({
  address: ethers.address,
  signTypedData: ({ domain, types: { EIP712Domain: _, ...types }, message }) =>
    ethers.signTypedData(domain, types as Parameters<Wallet["signTypedData"]>[1], message),
});
const bot = f.person("bot");

const people: { readonly [name: string]: readonly Credential[] } = {
  owner: [{ kind: "unlock" }],
  ana: [{ kind: "secp256k1", publicKey: f.ana.publicKey }],
  cyd: [{ kind: "eip712", address: viem.address }],
  dee: [{ kind: "eip712", address: ethers.address }],
  bot: [{ kind: "service", publicKey: bot.publicKey }],
};
const roles = { finance: ["ana", "cyd", "dee", "bot"], guards: ["owner", "bot", "cyd"] };

async function setting(rules: readonly object[] = [g.large(g.twoOfFinance)], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team([g.edit, ...rules], { people, roles, ...more }), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

const vote = (custody: Custody, id: string, name: string, credential: CredentialSigner) => g.vote(custody, id, { name, credential });

/** A wallet that gives this, whatever it is asked to sign. */
const giving = (signature: string, { address }: WalletSigner = cyd): WalletSigner => ({ address, signTypedData: async () => signature });

describe("people with a wallet", () => {
  test("approve a payment, one with viem and one with ethers, and all of it can be proven from the log", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    await vote(custody, id, "cyd", cyd);
    expect((await me.resume(id)).kind).toBe("pending");
    await vote(custody, id, "dee", dee);
    expect((await me.resume(id)).kind).toBe("signed");

    const log = await f.checkedLog(custody);
    const approved = log.filter(({ kind }) => kind === "approved");
    expect(approved).toMatchObject([
      { person: "cyd", proof: { key: viem.address } },
      { person: "dee", proof: { key: ethers.address } },
    ]);
    for (const { person, proof } of approved) {
      const { statement, key, signature } = proof as JsonObject;
      const signed = readApproval({ person, statement, address: key, signature } as Json);
      expect(proveApproval(signed, people[person as string] ?? []).person).toBe(person);
      expect(() => proveApproval(signed, [{ kind: "eip712", address: thief.address }])).toThrow();
    }
  });

  test("begin sessions, ask, answer what others ask, and say no", async () => {
    const { custody, me } = await setting();
    const session = await custody.session({ person: "cyd", credential: cyd });
    const own = g.asked(await session.sign(g.payment()));
    expect(await f.codeOf(session.approve(own, { credential: cyd }))).toBe("approval/not-an-approver");
    const theirs = g.asked(await me.sign(g.payment(1)));
    expect(await f.codeOf(session.approve(theirs))).toBe("approval/bad-signature");
    await session.approve(theirs, { credential: cyd });
    await vote(custody, theirs, "ana", f.ana.credential);
    expect((await me.resume(theirs)).kind).toBe("signed");
    const statement = await custody.approvalStatement(own, { answer: "no" });
    await custody.submitApproval(own, await approveOffline(statement, "dee", dee));
    expect(await f.codeOf(session.resume(own))).toBe("pending/no-such-request");

    const began = (await f.checkedLog(custody)).find(({ kind, person }) => kind === "session" && person === "cyd");
    expect(proveSession(readSession(began?.proof as Json), people.cyd ?? [])).toEqual({ kind: "eip712", address: viem.address });
  });

  test("are asked for by the kind of their credential", async () => {
    const only = { id: "wallets-only", forbid: ["transfer"], when: { not: { session: "eip712" } } };
    const { custody, me } = await setting([only]);
    expect(g.reasonOf(await me.sign(g.payment(0, { value: 1n })))).toBe("policy/forbidden");
    const session = await custody.session({ person: "cyd", credential: cyd });
    expect((await session.sign(g.payment(0, { value: 1n }))).kind).toBe("signed");
  });

  test("are nobody else: another wallet, another's name, a signature with high s, and what is no signature", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const other = walletCredential(thief);
    const statement = await custody.approvalStatement(id);
    expect(await f.codeOf(vote(custody, id, "cyd", other))).toBe("approval/bad-signature");
    expect(await f.codeOf(vote(custody, id, "dee", cyd))).toBe("approval/bad-signature");
    expect(await f.codeOf(custody.session({ person: "cyd", credential: other }))).toBe("session/bad-proof");
    expect(await f.codeOf(custody.session({ person: "dee", credential: cyd }))).toBe("session/bad-proof");
    // The wallet has another account chosen: it is told before anything travels.
    const wrong = walletCredential({ address: viem.address, signTypedData: other.signTypedData });
    expect(await f.codeOf(approveOffline(statement, "cyd", wrong))).toBe("approval/bad-signature");
    expect(await f.codeOf(custody.session({ person: "cyd", credential: wrong }))).toBe("session/bad-proof");

    const good = (await approveOffline(statement, "cyd", cyd)) as { readonly address: string; readonly signature: string };
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = (n - BigInt(`0x${good.signature.slice(64, 128)}`)).toString(16).padStart(64, "0");
    const high = good.signature.slice(0, 64) + s + (good.signature.endsWith("b") ? "1c" : "1b");
    expect(await f.codeOf(custody.submitApproval(id, { ...good, signature: high }))).toBe("approval/bad-signature");
    expect(await f.codeOf(approveOffline(statement, "cyd", giving(`0x${high}`)))).toBe("approval/bad-signature");
    for (const nothing of ["0x", "no", `0x${"00".repeat(200)}`])
      expect(await f.codeOf(approveOffline(statement, "cyd", giving(nothing)))).toBe("approval/malformed");
    expect((await me.resume(id)).kind).toBe("pending");
  });

  test("approve nothing of another vault, and nothing twice", async () => {
    const [here, there] = [await setting(), await setting()];
    const id = g.asked(await here.me.sign(g.payment()));
    const elsewhere = g.asked(await there.me.sign(g.payment()));
    const signed = await approveOffline(await there.custody.approvalStatement(elsewhere), "cyd", cyd);
    expect(await f.codeOf(here.custody.submitApproval(id, signed))).toBe("approval/mismatch");
    const own = await here.custody.approvalStatement(id);
    const moved = { ...signed, statement: { ...own } };
    expect(await f.codeOf(here.custody.submitApproval(id, moved))).toBe("approval/bad-signature");
    await there.custody.submitApproval(elsewhere, signed);
    expect(await f.codeOf(there.custody.submitApproval(elsewhere, signed))).toBe("approval/mismatch");
  });

  test("begin no session with what was signed for another one", async () => {
    const { custody } = await setting();
    let kept = "";
    const recording = walletCredential({
      address: viem.address,
      signTypedData: async (typedData) => {
        kept = await cyd.signTypedData(typedData);
        return kept;
      },
    });
    await custody.session({ person: "cyd", credential: recording });
    expect(await f.codeOf(custody.session({ person: "cyd", credential: giving(kept) }))).toBe("session/bad-proof");
  });

  test("stop at the very commit that takes their wallet away, and what they approved no longer counts", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    await vote(custody, id, "cyd", cyd);
    await vote(custody, id, "ana", f.ana.credential);
    const session = await custody.session({ person: "cyd", credential: cyd });
    const policy = await g.changed(custody, (document) => {
      Object.assign(document, { people: { ...people, cyd: [{ kind: "eip712", address: thief.address }] } });
    });
    expect((await me.submit({ act: "policyEdit", policy })).kind).toBe("done");
    expect(await f.codeOf(session.sign(g.payment(1)))).toBe("session/ended");
    expect((await me.resume(id)).kind).toBe("pending");
    expect(await f.codeOf(vote(custody, id, "cyd", cyd))).toBe("approval/bad-signature");
    await vote(custody, id, "cyd", walletCredential(thief));
    expect((await me.resume(id)).kind).toBe("signed");
  });

  test("keep the typed data apart from what an adapter does with its types", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const careless = walletCredential({
      address: ethers.address,
      signTypedData: ({ domain, types, message }) => {
        delete (types as { EIP712Domain?: unknown }).EIP712Domain;
        return ethers.signTypedData(domain, types as Parameters<Wallet["signTypedData"]>[1], message);
      },
    });
    await vote(custody, id, "dee", careless);
    await vote(custody, id, "cyd", cyd);
    expect((await me.resume(id)).kind).toBe("signed");
  });

  test("have an address in lowercase or with its checksum, and nothing else", () => {
    expect(walletCredential({ ...cyd, address: viem.address.toLowerCase() }).address).toBe(viem.address);
    for (const address of ["", "cyd.eth", viem.address.toUpperCase(), viem.address.slice(0, -1), undefined])
      expect(() => walletCredential({ ...cyd, address: address as string })).toThrow(expect.objectContaining({ code: "keys/bad-key" }));
  });
});

describe("a service", () => {
  const twoGuards = [g.large([{ of: "guards", atLeast: 1 }])];

  test("begins sessions and asks; rules know it for a service", async () => {
    const only = { id: "no-machines", forbid: ["transfer"], when: { session: "service", asset: "USDC" } };
    const { custody } = await setting([only]);
    const machine = await g.sessionOf(custody, bot);
    expect((await machine.sign(g.payment(0, { value: 1n }))).kind).toBe("signed");
    expect(g.reasonOf(await machine.sign(f.request(f.usdc({ nonce: 1, amount: 1n }))))).toBe("policy/forbidden");
  });

  test("approves nothing, by its key, in a session or as a no, even where its role is asked", async () => {
    const { custody, me } = await setting(twoGuards);
    const id = g.asked(await me.sign(g.payment()));
    const machine = await g.sessionOf(custody, bot);
    const refused = "approval/not-an-approver";
    expect(await f.codeOf(vote(custody, id, "bot", bot.credential))).toBe(refused);
    expect(await f.codeOf(g.vote(custody, id, bot, { answer: "no" }))).toBe(refused);
    expect(await f.codeOf(machine.approve(id, { credential: bot.credential }))).toBe(refused);
    expect(await f.codeOf(machine.approve(id))).toBe(refused);
    expect(await f.codeOf(machine.approve(id, { answer: "no" }))).toBe(refused);
    expect((await me.resume(id)).kind).toBe("pending");
    await vote(custody, id, "cyd", cyd);
    expect((await me.resume(id)).kind).toBe("signed");
  });

  test("that was a person loses what it had approved, and its sessions", async () => {
    const before = { ...people, bot: [{ kind: "secp256k1", publicKey: bot.publicKey }] };
    const { custody, me } = await setting(twoGuards, { people: before });
    const id = g.asked(await me.sign(g.payment()));
    const session = await g.sessionOf(custody, bot);
    await g.vote(custody, id, bot);
    const policy = await g.changed(custody, (document) => {
      Object.assign(document, { people });
    });
    expect((await me.submit({ act: "policyEdit", policy })).kind).toBe("done");
    expect(await f.codeOf(session.sign(g.payment(1)))).toBe("session/ended");
    expect((await me.resume(id)).kind).toBe("pending");
  });
});

describe("the owner who unlocks", () => {
  const byOwner = [g.large([{ of: "owner", atLeast: 1 }])];

  test("approves what their agent asks, by a session of their own", async () => {
    const { custody, me } = await setting(byOwner);
    const agent = await g.sessionOf(custody, bot);
    const id = g.asked(await agent.sign(g.payment()));
    await me.approve(id);
    expect((await agent.resume(id)).kind).toBe("signed");
  });

  test("approves nothing by a session with a scope, nor what they asked for", async () => {
    const { custody, me } = await setting(byOwner);
    const narrow = await custody.session({ person: "owner", scope: { rules: [{ id: "none", forbid: ["fee"] }] } });
    const agent = await g.sessionOf(custody, bot);
    const id = g.asked(await agent.sign(g.payment()));
    expect(await f.codeOf(narrow.approve(id))).toBe("approval/bad-signature");
    const own = g.asked(await me.sign(g.payment(1)));
    expect(await f.codeOf(me.approve(own))).toBe("approval/not-an-approver");
    expect((await agent.resume(id)).kind).toBe("pending");
  });
});

describe("an account of the vault is nobody", () => {
  const wallet = { kind: "eip712", address: f.ACCOUNT };

  test("neither as a wallet in a later policy", async () => {
    const { custody, me } = await setting();
    const policy = await g.changed(custody, (document) => {
      Object.assign(document, { people: { ...people, cyd: [wallet] } });
    });
    const refusal = await me.submit({ act: "policyEdit", policy }).catch((cause: unknown) => cause);
    expect(refusal).toMatchObject({ code: "policy/invalid", problems: [{ code: "policy/own-account-as-person" }] });
  });

  test("nor derived where a wallet of a person has its address", async () => {
    const opening = f.openCustody({ policy: g.team([g.edit], { people: { ...people, cyd: [wallet] }, roles }) });
    expect(await f.codeOf(opening)).toBe("vault/key-of-person");
  });

  test("nor the negative of its key, which the same private key signs for, as a key or as a wallet", async () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const negative = (order - BigInt(`0x${"46".repeat(32)}`)).toString(16).padStart(64, "0");
    const { publicKey } = keyCredential(fromHex(negative));
    const { address } = privateKeyToAccount(`0x${negative}`);
    for (const credential of [
      { kind: "secp256k1", publicKey },
      { kind: "eip712", address },
    ]) {
      const { custody, me } = await setting();
      const policy = await g.changed(custody, (document) => {
        Object.assign(document, { people: { ...people, cyd: [credential] } });
      });
      const refusal = await me.submit({ act: "policyEdit", policy }).catch((cause: unknown) => cause);
      expect(refusal).toMatchObject({ code: "policy/invalid", problems: [{ code: "policy/own-account-as-person" }] });
      const opening = f.openCustody({ policy: g.team([g.edit], { people: { ...people, cyd: [credential] }, roles }) });
      expect(await f.codeOf(opening)).toBe("vault/key-of-person");
    }
  });
});

test("an account of the vault signs no approval and no session, though a rule allows all typed data", async () => {
  const all = { id: "all-typed-data", allow: ["typedData", "unknown"] };
  const { custody, me } = await setting([g.large(g.twoOfFinance), all]);
  const id = g.asked(await me.sign(g.payment()));
  const statement = await custody.approvalStatement(id);
  const session = { vault: custody.id, person: "cyd", scope: "00".repeat(32), expiresMs: statement.expiresMs, nonce: statement.nonce };
  for (const payload of [approvalTypedData(statement), sessionTypedData(session)]) {
    const asked = { ...f.request(payload), kind: "typedData" };
    expect(g.reasonOf(await me.sign(asked))).toBe("evm/approval-text");
  }
  const other = { ...approvalTypedData(statement), domain: { name: "Somebody else", version: "1" } };
  expect((await me.sign({ ...f.request(other), kind: "typedData" })).kind).toBe("signed");
});

test("a wallet is shown what it signs: an answer to whose request, or the beginning of a session, and of which vault", async () => {
  const shown: TypedData[] = [];
  const looking = walletCredential({
    address: viem.address,
    signTypedData: (typedData) => {
      shown.push(typedData);
      return cyd.signTypedData(typedData);
    },
  });
  const { custody, me } = await setting();
  const id = g.asked(await me.sign(g.payment()));
  await vote(custody, id, "cyd", looking);
  await custody.session({ person: "cyd", credential: looking });
  expect(shown).toMatchObject([
    { primaryType: "Approval", message: { answer: "yes", submitters: ["owner"], vault: custody.id } },
    { primaryType: "Session", message: { person: "cyd", vault: custody.id } },
  ]);
});
