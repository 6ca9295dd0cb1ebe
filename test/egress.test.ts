import { execFile, spawn, spawnSync } from "node:child_process";
import dgram from "node:dgram";
import dns, { Resolver } from "node:dns";
import { createServer, get } from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { type AddressInfo, connect } from "node:net";
import tls from "node:tls";
import { describe, expect, test } from "vitest";
import { takeAttempts } from "./egress.mjs";

// Reserved for documentation (RFC 5737, RFC 3849, RFC 2606): nobody is there, should the trap not bite.
const ADDRESS = "192.0.2.1";
const NAME = "keyward.example";
const soon = (run: (end: (error: unknown) => void) => void) =>
  new Promise((_, reject) => {
    run(reject);
  });
const answers = (_: string, __: object, done: (error: null, found: { address: string; family: number }[]) => void) =>
  done(null, [{ address: ADDRESS, family: 4 }]);

describe("nothing leaves this machine", () => {
  test.each<[string, () => unknown]>([
    ["net.connect", () => connect(80, ADDRESS)],
    ["net.connect to IPv6", () => connect(80, "2001:db8::1")],
    ["net.connect to every address", () => connect(80, "0.0.0.0")],
    ["net.connect to every address of IPv6", () => connect(80, "::")],
    [
      "net.connect with a lookup of its own",
      () => soon((end) => connect({ port: 80, host: "localhost", lookup: answers as never }).on("error", end)),
    ],
    ["net.connect to a socket of the file system", () => connect("/var/run/docker.sock")],
    ["tls.connect", () => tls.connect(443, ADDRESS)],
    ["http.get", () => soon((end) => get(`http://${ADDRESS}/`).on("error", end))],
    ["http.get over a socket of the file system", () => soon((end) => get({ socketPath: "/var/run/docker.sock" }).on("error", end))],
    ["https.get", () => soon((end) => https.get(`https://${ADDRESS}/`).on("error", end))],
    ["http2.connect", () => soon((end) => http2.connect(`http://${ADDRESS}`).on("error", end))],
    ["fetch", () => fetch(`http://${ADDRESS}/`)],
    ["fetch by name", () => fetch(`http://${NAME}/`)],
    ["dns.lookup", () => dns.lookup(NAME, () => undefined)],
    ["dns.lookupService", () => dns.lookupService("127.0.0.1", 80, () => undefined)],
    ["dns.resolveMx", () => dns.resolveMx(NAME, () => undefined)],
    ["dns.promises.resolve", () => dns.promises.resolve(NAME)],
    ["dns.promises.resolveSrv of this machine", () => dns.promises.resolveSrv("localhost")],
    ["a resolver", () => new Resolver().resolveTxt(NAME, () => undefined)],
    ["a resolver that promises", () => new dns.promises.Resolver().resolve4(NAME)],
    ["a datagram", () => dgram.createSocket("udp4").unref().send(Buffer.from("x"), 53, ADDRESS)],
    ["a datagram to a connected peer", () => dgram.createSocket("udp4").unref().connect(53, ADDRESS)],
  ])("%s throws, and is remembered", async (_, attempt) => {
    await expect((async () => attempt())()).rejects.toThrow();
    expect(takeAttempts().length).toBeGreaterThan(0);
  });

  test("but what stays on it passes", async () => {
    const server = createServer((_, response) => response.end("here"));
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    const { port } = server.address() as AddressInfo;
    expect(await (await fetch(`http://localhost:${port}/`)).text()).toBe("here");
    server.closeAllConnections();
    server.close();
  });
});

describe("nor by a process that a test starts", () => {
  const SCRIPT = `
    const said = [];
    try { await fetch("http://${ADDRESS}/"); } catch (error) { said.push(String(error.cause ?? error)); }
    try { (await import("node:net")).connect(80, "${ADDRESS}"); } catch (error) { said.push(String(error)); }
    console.log(said.join(";"));`;
  const ARGS = ["--input-type=module", "--eval", SCRIPT];
  // A child of a child, which starts it with nothing in its environment.
  const DEEPER = [
    "--input-type=module",
    "--eval",
    `(await import("node:child_process")).spawn(process.execPath, ${JSON.stringify(ARGS)}, { env: {}, stdio: "inherit" })`,
  ];
  const listen = (args: readonly string[], env?: { readonly [name: string]: string }) =>
    new Promise<string>((resolve, reject) => {
      const child = spawn(process.execPath, args, { ...(env && { env }) });
      let out = "";
      child.stdout.on("data", (chunk) => {
        out += chunk;
      });
      child.on("error", reject).on("close", () => resolve(out));
    });

  test.each<[string, () => Promise<string>]>([
    ["with the environment of the test", () => listen(ARGS)],
    ["with one of its own", () => listen(ARGS, { NODE_OPTIONS: "--no-warnings" })],
    ["with none", () => listen(ARGS, {})],
    ["by another process", () => listen(DEEPER)],
    ["and waited for", async () => String(spawnSync(process.execPath, ARGS, { env: {} }).stdout)],
    ["as a file", () => new Promise((resolve) => execFile(process.execPath, ARGS, (_, out) => resolve(out)))],
  ])("started %s: it is refused, and the test would fail", async (_, start) => {
    const said = await start();
    expect(said.match(/nothing may leave this machine/g)).toHaveLength(2);
    expect(takeAttempts()).toEqual([`connect ${ADDRESS}`, `connect ${ADDRESS}`]);
  });
});
