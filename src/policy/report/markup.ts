import { visible } from "../../base/visible.ts";

/** What is HTML already: {@link markup} makes it, and constants of ours are it. Never make one of text that came from elsewhere. */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

type Part = Markup | string | number | false | undefined | readonly Part[];

/**
 * HTML out of a template: what is put in is text and stays text, unless it is markup itself. The only way by which anything of a policy
 * gets into a page.
 */
export function markup(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(template.reduce((html, text, at) => html + render(parts[at - 1]) + text));
}

function render(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Markup) return part.html;
  if (typeof part === "object") return part.map(render).join("");
  return escaped(String(part));
}

/** Safe between tags and in quoted attributes; invisible characters and those that turn the direction of writing are written out. */
function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
