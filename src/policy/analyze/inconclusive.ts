/** Thrown where an exact answer would take more work than was granted. Whoever asked says so: it is never an answer. */
export class Inconclusive extends Error {
  constructor(what: string) {
    super(what);
    this.name = "Inconclusive";
  }
}
