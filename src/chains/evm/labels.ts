import type { Effect } from "../../intent/effect.ts";

/**
 * The names by which policies speak of what asks for a signature. What no policy can name is left out: absent is unknown,
 * which never widens a decision, and whoever asks does not choose how much goes into the log with every effect.
 *
 * @param labels - `domain` of at most 200 characters without controls, `primaryType` of at most 100, as conditions have them.
 */
export function labelled({ domain, primaryType }: Labels): Pick<Effect, "domain" | "primaryType"> {
  return {
    ...(domain !== undefined && DOMAIN.test(domain) && { domain }),
    ...(primaryType !== undefined && primaryType.length <= 100 && { primaryType }),
  };
}

interface Labels {
  readonly domain: string | undefined;
  readonly primaryType?: string;
}

const DOMAIN = /^[^\p{Cc}\p{Cs}]{1,200}$/u;
