import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "../../base/bytes.ts";
import type { Audit } from "../analyze/audit.ts";
import type { About } from "./about.ts";
import { authoritySection, deadSection, escalationSection, lockOutSection } from "./html-authority.ts";
import { findingsSection } from "./html-findings.ts";
import { channelsSection, lossSection } from "./html-losses.ts";
import { rulesSection } from "./html-rules.ts";
import { aboutSection, caveatsSection, glance, header, undecided } from "./html-top.ts";
import { Markup, markup } from "./markup.ts";
import { Names } from "./names.ts";
import { Page } from "./page.ts";
import { STYLE } from "./style.ts";

/**
 * The report as one HTML file: no script, no network, nothing but itself. Its style is the only thing that its own content security
 * policy lets in, so that nothing from a policy could load or run even if it got out of its place.
 */
export function reportHtml(audit: Audit, about: About): string {
  const page = new Page(audit, about, new Names(audit.policy.document));
  const { html } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src '${styleHash()}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="keyward ${about.version}">
<title>Audit of ${audit.policy.name}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${header(page)}
<main>
${[
  glance(page),
  undecided(page),
  channelsSection(page),
  lossSection(page),
  findingsSection(page),
  authoritySection(page),
  lockOutSection(page),
  escalationSection(page),
  deadSection(page),
  rulesSection(page),
  caveatsSection(),
  aboutSection(page),
]}
</main>
</body>
</html>
`;
  return html;
}

/** Of the style alone: a style that is injected, or an attribute, has another. */
function styleHash(): string {
  return `sha256-${btoa(String.fromCharCode(...sha256(utf8(STYLE))))}`;
}
