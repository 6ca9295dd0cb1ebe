import type { SignIn } from "./siwe.ts";

/**
 * Why a sign-in is more than one, or nothing if it only proves who signs. The same form hands out powers: its URI is then the
 * key of a session (`lit:session:…`, `did:key:…`), and whoever has that key acts for the account; or a resource lists
 * capabilities (ERC-5573). Who may act so is the URI, so that one of another host than the domain's hands them on as well.
 */
export function powersOf({ domain, uri, resources }: Pick<SignIn, "domain" | "uri" | "resources">): string | undefined {
  const { scheme = "", host = "", port = "" } = PAGE.exec(uri.toLowerCase())?.groups ?? {};
  const isPage = Number(port) <= LAST_PORT && (scheme === "https" || (scheme === "http" && LOOPBACK.has(host)));
  if (!isPage) return "a sign-in whose URI is no page: whoever has the key that it names could act for the account";
  if (host !== hostOf(domain)) return "a sign-in to one host whose URI is of another";
  // Names of URN namespaces have no case: RFC 8141 section 3.1.
  if (resources.some((resource) => /^urn:recap:/i.test(resource))) return "a sign-in that hands out capabilities (ERC-5573)";
  return undefined;
}

/** Nothing but a port stands behind the host: user information, which is read as a host by mistake, makes it no page. */
const PAGE = /^(?<scheme>https?):\/\/(?<host>\[[^\]]*\]|[^[\]:/?#@]+)(?::(?<port>[0-9]*))?(?=[/?#]|$)/;
const LAST_PORT = 65_535;

/** The machine itself, where nobody can listen in on http. */
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Without its port: whoever has a host has all of its ports. */
function hostOf(domain: string): string {
  return domain.replace(/:[0-9]+$/, "");
}
