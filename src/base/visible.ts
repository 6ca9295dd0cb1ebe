/**
 * Text from a request, a policy or a log, made fit to be shown: control characters, invisible ones and those that change the direction
 * of writing are written out, so that nothing can repaint what a person reads.
 */
export function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
