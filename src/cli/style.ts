import type { Io } from "./io.ts";

export { visible as plain } from "../base/visible.ts";

/** Colours where a person looks, plain text everywhere else. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly wait: (text: string) => string;
}

/** @see https://no-color.org: set and not empty means no colour. */
export function styleFor({ stdout, env }: Pick<Io, "stdout" | "env">): Style {
  const colours = stdout.isTTY && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
  const sgr = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: sgr(1), dim: sgr(2), good: sgr(32), bad: sgr(31), wait: sgr(33) };
}

/** Rows as aligned columns; the last column is not padded. Cells are plain text already. */
export function columns(rows: readonly (readonly string[])[], indent = "  "): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, width(cell));
  return rows.map((row) => {
    const cells = row.map((cell, at) => (at === row.length - 1 ? cell : cell + " ".repeat((widths[at] ?? 0) - width(cell))));
    return `${indent}${cells.join("  ")}`.trimEnd();
  });
}

// Colours take no room.
function width(cell: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how a terminal is told a colour.
  return cell.replace(/\u001b\[\d+m/g, "").length;
}
