import dgram from "node:dgram";
import dns from "node:dns";
import { createServer, get } from "node:http";
import https from "node:https";
import { type AddressInfo, connect } from "node:net";
import tls from "node:tls";
import { describe, expect, test } from "vitest";
import { takeAttempts } from "./egress.ts";

// Reserved for documentation (RFC 5737, RFC 2606): nobody is there, should the trap not bite.
const ADDRESS = "192.0.2.1";
const NAME = "keyward.example";

describe("nothing leaves this machine", () => {
  test.each<[string, () => unknown]>([
    ["net.connect", () => connect(80, ADDRESS)],
    ["tls.connect", () => tls.connect(443, ADDRESS)],
    ["http.get", () => new Promise((_, reject) => get(`http://${ADDRESS}/`).on("error", reject))],
    ["https.get", () => new Promise((_, reject) => https.get(`https://${ADDRESS}/`).on("error", reject))],
    ["fetch", () => fetch(`http://${ADDRESS}/`)],
    ["fetch by name", () => fetch(`http://${NAME}/`)],
    ["dns.lookup", () => dns.lookup(NAME, () => undefined)],
    ["dns.promises.resolve", () => dns.promises.resolve(NAME)],
    ["a datagram", () => dgram.createSocket("udp4").unref().send(Buffer.from("x"), 53, ADDRESS)],
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
