import dgram from "node:dgram";
import dns from "node:dns";
import { Socket } from "node:net";

/**
 * Nothing of this project speaks to a network, and no test lets it: whatever would leave this machine throws and is remembered. Names
 * are not looked up either. What stays on the machine may pass: tests that serve pages to a browser, and the pipes of the runner.
 */
const attempts: string[] = [];

/** What was tried since the last call. */
export function takeAttempts(): readonly string[] {
  return attempts.splice(0);
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3}|0\.0\.0\.0|::)$/i;

function pass(how: string, host: unknown): void {
  if (host === undefined || host === null || (typeof host === "string" && (host === "" || LOOPBACK.test(host)))) return;
  attempts.push(`${how} ${String(host)}`);
  throw new Error(`egress: ${how} to ${String(host)}, but nothing may leave this machine`);
}

/** Node hands its own normalised list over as `[options, callback]`. */
function hostOf(args: readonly unknown[]): unknown {
  const [first, second] = args;
  if (Array.isArray(first)) return hostOf(first);
  if (typeof first === "object" && first !== null) return "path" in first && first.path ? undefined : (first as { host?: unknown }).host;
  return typeof first === "number" || /^\d+$/.test(String(first)) ? (typeof second === "string" ? second : undefined) : undefined;
}

// Everything with a connection comes through here: http, https, tls, fetch.
const connect = Socket.prototype.connect;
Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  pass("connect", hostOf(args));
  return Reflect.apply(connect, this, args) as Socket;
} as typeof connect;

const send = dgram.Socket.prototype.send;
dgram.Socket.prototype.send = function (this: dgram.Socket, ...args: unknown[]) {
  pass("send", args.find((argument) => typeof argument === "string" && argument !== args[0]) ?? "a connected peer");
  return Reflect.apply(send, this, args) as undefined;
} as typeof send;

const lookups = ["lookup", "resolve", "resolve4", "resolve6", "resolveAny", "resolveTxt", "reverse"] as const;
for (const table of [dns, dns.promises]) {
  for (const name of lookups) {
    const original = Reflect.get(table, name) as (...args: unknown[]) => unknown;
    Reflect.set(table, name, function (this: unknown, ...args: unknown[]) {
      pass(`dns.${name}`, args[0]);
      return Reflect.apply(original, this, args);
    });
  }
}
