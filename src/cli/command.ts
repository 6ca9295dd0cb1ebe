import type { Json } from "../base/canonical.ts";
import type { Exit } from "./exit.ts";
import type { Io } from "./io.ts";
import type { Style } from "./style.ts";

export interface Option {
  /** What its value is called in the help; absent for a flag. */
  readonly value?: string;
  /** May be given more than once. */
  readonly many?: true;
  readonly about: string;
}

/** One row of the table that help, docs and the parser are made from. */
export interface Command {
  /** One word, or two: `policy check`. */
  readonly name: string;
  readonly about: string;
  /** Arguments as the help shows them: `[REQUEST.json]`. */
  readonly operands: string;
  /** How many of them there are at least and at most. */
  readonly count: readonly [least: number, most: number];
  readonly options: { readonly [name: string]: Option };
  readonly example: string;
  /** More that somebody should know: one paragraph each. */
  readonly notes?: readonly string[];
  readonly run: (call: Call) => Promise<Answer>;
}

/** A command as it was called. */
export interface Call {
  readonly io: Io;
  readonly style: Style;
  readonly operands: readonly string[];
  /** The value of an option. */
  value(name: string): string | undefined;
  values(name: string): readonly string[];
  flag(name: string): boolean;
  /** Writes one line, for commands that answer as they go. */
  line(text: string): Promise<void>;
}

/** What a command has to say: one object for `--json`, text otherwise. Absent where it has written already. */
export interface Answer {
  readonly exit?: Exit;
  readonly json?: Json;
  readonly text?: (style: Style) => string;
}
