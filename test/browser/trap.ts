/**
 * A page of the tests speaks to its own origin and to nobody else, not even on this machine: whatever would throws and is remembered.
 * The browser itself finds nothing but `localhost` (chromium.ts), so that what is not listed here leads nowhere either.
 */
const KEY = Symbol.for("keyward: what tried to leave the page");
const page = globalThis as typeof globalThis & { [KEY]?: string[] };

/** What was tried since the last call. */
export function takeAttempts(): readonly string[] {
  return page[KEY]?.splice(0) ?? [];
}

function pass(how: string, where: unknown): void {
  const url = new URL(where instanceof Request ? where.url : String(where), location.href);
  if (url.host === location.host || ["blob:", "data:"].includes(url.protocol)) return;
  throw refuse(how, url.href);
}

function refuse(how: string, where: string): Error {
  page[KEY]?.push(`${how} ${where}`);
  return new Error(`egress: ${how} to ${where}, but no page may speak to anything but its own origin`);
}

/** Sets the trap, once for a page: test files that share it set it again and again. */
export function setTrap(): void {
  if (page[KEY] !== undefined) return;
  page[KEY] = [];
  const before = (of: object, name: string, look: (args: readonly unknown[]) => void) => {
    const original = Reflect.get(of, name) as (...args: unknown[]) => unknown;
    if (original === undefined) return;
    // Asked by `new` or by a call, as what it stands for would be.
    const apply = (_: unknown, self: unknown, args: unknown[]) => {
      look(args);
      return Reflect.apply(original, self, args);
    };
    const construct = (_: unknown, args: unknown[], asked: new () => unknown) => {
      look(args);
      return Reflect.construct(original, args, asked) as object;
    };
    Reflect.set(of, name, new Proxy(original, { apply, construct }));
  };
  before(page, "fetch", ([where]) => pass("fetch", where));
  before(XMLHttpRequest.prototype, "open", ([, where]) => pass("XMLHttpRequest", where));
  before(Navigator.prototype, "sendBeacon", ([where]) => pass("sendBeacon", where));
  for (const name of ["WebSocket", "EventSource", "WebTransport"]) before(page, name, ([where]) => pass(name, where));
  before(page, "RTCPeerConnection", () => {
    throw refuse("RTCPeerConnection", "anybody");
  });
}
