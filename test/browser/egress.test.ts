import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium } from "playwright";
import { expect, test } from "vitest";
import { CHROMIUM_ARGS, findChromium } from "./chromium.ts";
import { serveSite } from "./site.ts";

/** Every way of a page to speak to somebody; what is said by each is part of the path. */
const TRY_ALL = `async (where) => {
  const load = (tag, attributes) => document.body.append(Object.assign(document.createElement(tag), attributes));
  fetch(where + "fetch", { mode: "no-cors" }).catch(() => undefined);
  const request = new XMLHttpRequest();
  request.open("GET", where + "request");
  request.send();
  navigator.sendBeacon(where + "beacon", "x");
  new EventSource(where + "events");
  new WebSocket(where.replace("http", "ws") + "socket");
  load("img", { src: where + "image" });
  load("script", { src: where + "script" });
  load("iframe", { src: where + "frame" });
  load("link", { rel: "prefetch", href: where + "prefetch" });
  const peer = new RTCPeerConnection({ iceServers: [{ urls: where.replace("http://", "turn:").slice(0, -1) + "?transport=tcp", username: "x", credential: "x" }] });
  peer.createDataChannel("x");
  await peer.setLocalDescription(await peer.createOffer());
  await new Promise((end) => setTimeout(end, 1500));
}`;

/** Who of a page was heard by a server that is not its own. */
async function heardFrom(args: readonly string[]): Promise<readonly string[]> {
  const heard = new Set<string>();
  const other = createServer((request, response) => {
    heard.add(String(request.url).slice(1));
    response.end();
  });
  other.on("upgrade", (request, socket) => {
    heard.add(String(request.url).slice(1));
    socket.destroy();
  });
  // What is no HTTP is the relay of a peer connection.
  other.on("clientError", (_, socket) => {
    heard.add("peer");
    socket.destroy();
  });
  // By its address it is any machine: the same rules hold for every one.
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const site = await serveSite({ "/": { body: "<!doctype html><body>", type: "text/html" } });
  const { executablePath, env } = findChromium();
  const browser = await chromium.launch({ executablePath, env: { ...env }, args: [...args] });
  try {
    const tab = await browser.newPage();
    await tab.goto(site.origin);
    await tab.evaluate(`(${TRY_ALL})("http://127.0.0.1:${(other.address() as AddressInfo).port}/")`);
    return [...heard].sort();
  } finally {
    await browser.close();
    await site.close();
    other.closeAllConnections();
    other.close();
  }
}

test("no page of a test reaches anything but this machine by its name, and each could without what the browser is started with", async () => {
  const all = ["beacon", "events", "fetch", "frame", "image", "peer", "prefetch", "request", "script", "socket"];
  const open = CHROMIUM_ARGS.filter((arg) => !/^--(?:host-resolver-rules|force-webrtc)/.test(arg));
  expect(await heardFrom(open)).toEqual(all);
  expect(await heardFrom(CHROMIUM_ARGS)).toEqual([]);
}, 60_000);
