/**
 * Nothing of this project speaks to a network, and no test lets it: whatever would leave this machine throws and is written down.
 * What stays on the machine by name passes: tests that serve pages to a browser. Plain JavaScript, because Node loads it before
 * anything else in every process that a test starts (`--import`); `?marker=FILE` says where the attempts are written down.
 */
import child from "node:child_process";
import dgram from "node:dgram";
import dns from "node:dns";
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

const given = new URL(import.meta.url).searchParams.get("marker");
const marker = given ?? join(tmpdir(), `keyward-egress-${process.pid}-${threadId}`);

/** What a process needs to be trapped as this one is. */
export const OPTION = `--import=${new URL("egress.mjs", import.meta.url).href}?marker=${encodeURIComponent(marker)}`;

/** What was tried since the last call, in this process or one below it. */
export function takeAttempts() {
  if (!existsSync(marker)) return [];
  const attempts = readFileSync(marker, "utf8").trimEnd().split("\n");
  rmSync(marker);
  return attempts;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/i;
/** Sockets of the file system that tests need. */
const SOCKETS = [
  // tsx, as a command, is told over it which signals its script handles.
  join(tmpdir(), "tsx-"),
  "\\\\?\\pipe\\tsx-",
];

/**
 * @param {string} how
 * @param {unknown} where
 */
function refuse(how, where) {
  appendFileSync(marker, `${how} ${String(where)}\n`);
  return new Error(`egress: ${how} to ${String(where)}, but nothing may leave this machine`);
}

/** @param {unknown} host */
function stays(host) {
  return host === undefined || host === null || host === "" || (typeof host === "string" && LOOPBACK.test(host));
}

/**
 * Where a socket is to be connected to. Node hands its own normalised list over as `[options, callback]`.
 *
 * @param {readonly any[]} args
 * @returns {{ path?: unknown, host?: unknown }}
 */
function target([first, second]) {
  if (Array.isArray(first)) return target(first);
  if (typeof first === "object" && first !== null) return first;
  if (typeof first === "string" && !/^\d+$/.test(first)) return { path: first };
  return typeof second === "string" ? { host: second } : {};
}

// Everything with a connection comes through here: http, https, http2, tls, fetch, WebSocket.
const { connect } = net.Socket.prototype;
/** @type {any} */ (net.Socket.prototype).connect = function (/** @type {any[]} */ ...args) {
  const { path, host } = target(args);
  if (path !== undefined && path !== null && path !== "") {
    if (!SOCKETS.some((known) => String(path).startsWith(known))) throw refuse("connect", path);
  } else if (!stays(host)) throw refuse("connect", host);
  // A name that stays may be looked up by code of the caller's.
  this.prependListener("lookup", (_, address) => {
    if (!stays(address)) this.destroy(refuse("connect", address));
  });
  return Reflect.apply(/** @type {any} */ (connect), this, args);
};

// No datagram at all: even to be bound or to join a group can say something to a network.
for (const name of ["bind", "connect", "send", "addMembership", "addSourceSpecificMembership"]) {
  Reflect.set(dgram.Socket.prototype, name, () => {
    throw refuse(`dgram.${name}`, "anybody");
  });
}

// Only `lookup` can be answered by this machine itself; everything else asks a server.
for (const table of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
  for (const name of Object.getOwnPropertyNames(table).concat(Object.getOwnPropertyNames(Object.getPrototypeOf(table)))) {
    const original = Reflect.get(table, name);
    if (typeof original !== "function" || !/^(?:lookup|resolve|reverse)/.test(name)) continue;
    Reflect.set(table, name, function (/** @type {unknown[]} */ ...args) {
      if (name !== "lookup" || !stays(args[0])) throw refuse(`dns.${name}`, args[0]);
      return Reflect.apply(original, this, args);
    });
  }
}

// Whatever environment a child is given, it is trapped like its parent.
/** @param {readonly string[] | undefined} pairs */
function trapped(pairs) {
  const own = (pairs ?? []).find((pair) => pair.startsWith("NODE_OPTIONS="))?.slice("NODE_OPTIONS=".length) ?? "";
  const others = (pairs ?? []).filter((pair) => !pair.startsWith("NODE_OPTIONS="));
  return [...others, `NODE_OPTIONS=${own.includes("/egress.mjs?") ? own : `${own} ${OPTION}`.trim()}`];
}
const { spawn } = child.ChildProcess.prototype;
Reflect.set(child.ChildProcess.prototype, "spawn", function (/** @type {{ envPairs?: string[] }} */ options) {
  return Reflect.apply(spawn, this, [{ ...options, envPairs: trapped(options.envPairs) }]);
});
for (const name of ["spawnSync", "execFileSync", "execSync"]) {
  const original = Reflect.get(child, name);
  Reflect.set(child, name, (/** @type {unknown[]} */ ...args) => {
    const options = args.find((arg, place) => place > 0 && typeof arg === "object" && arg !== null && !Array.isArray(arg));
    const { env } = /** @type {{ env?: Record<string, string> }} */ (options ?? {});
    if (env === undefined) return original(...args);
    const [pair = ""] = trapped(Object.entries(env).map(([key, value]) => `${key}=${value}`)).slice(-1);
    const changed = { ...options, env: { ...env, NODE_OPTIONS: pair.slice("NODE_OPTIONS=".length) } };
    return original(...args.map((arg) => (arg === options ? changed : arg)));
  });
}
process.env.NODE_OPTIONS = trapped([`NODE_OPTIONS=${process.env.NODE_OPTIONS ?? ""}`])[0]?.slice("NODE_OPTIONS=".length);

// Those who import by name get these too.
syncBuiltinESMExports();
