/** One way to do the job. All contenders of a race return the same text, so that nobody is fast by doing less. */
export type Contender = () => string | Promise<string>;

export interface Row {
  readonly name: string;
  readonly medianMs: number;
  /** Half of all rounds lie between these two. */
  readonly quartilesMs: readonly [number, number];
}

/** How long one measurement of one contender lasts at least: far above the clock's resolution and a scheduler's slice. */
const BATCH_MS = 20;

/**
 * Measures contenders against each other in one process. Each round runs every contender once, in a new random order, so
 * that warming up, other load and the collector strike all alike. Prints medians, and ratios to the first contender.
 *
 * @param contenders - by name; the first is the one the others are compared with.
 * @throws if two contenders return different texts.
 */
export async function race(
  name: string,
  contenders: { readonly [name: string]: Contender },
  { rounds }: { readonly rounds: number },
): Promise<readonly Row[]> {
  const entries = Object.entries(contenders);
  await checkSameAnswer(name, entries);
  const runners = await Promise.all(
    entries.map(async ([label, run]) => ({ label, run, times: [] as number[], calls: await callsPerBatch(run) })),
  );
  for (let round = 0; round < rounds; round++) {
    for (const runner of shuffled(runners)) runner.times.push((await batchMs(runner.run, runner.calls)) / runner.calls);
  }
  const rows = runners.map(({ label, times }): Row => {
    const sorted = times.sort((a, b) => a - b);
    return { name: label, medianMs: quantile(sorted, 0.5), quartilesMs: [quantile(sorted, 0.25), quantile(sorted, 0.75)] };
  });
  print(name, rounds, rows);
  return rows;
}

async function checkSameAnswer(name: string, entries: readonly (readonly [string, Contender])[]): Promise<void> {
  const answers = await Promise.all(entries.map(async ([label, run]) => [label, await run()] as const));
  const odd = answers.find(([, answer]) => answer !== answers[0]?.[1]);
  if (odd !== undefined) throw new Error(`${name}: expected ${odd[0]} to answer like ${answers[0]?.[0]}, got ${odd[1]}`);
}

/** Doubles the number of calls until they take long enough, which warms the contender up on the way. */
async function callsPerBatch(run: Contender): Promise<number> {
  let calls = 1;
  while ((await batchMs(run, calls)) < BATCH_MS) calls *= 2;
  return calls;
}

async function batchMs(run: Contender, calls: number): Promise<number> {
  const start = performance.now();
  for (let call = 0; call < calls; call++) {
    const answer = run();
    // Waiting for what is no promise would charge a turn of the event loop to the contenders that need none.
    if (answer instanceof Promise) await answer;
  }
  return performance.now() - start;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function quantile(sorted: readonly number[], at: number): number {
  const place = at * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

function print(name: string, rounds: number, rows: readonly Row[]): void {
  console.log(`\n${name} (${rounds} rounds, Node ${process.versions.node})`);
  const width = Math.max(...rows.map((row) => row.name.length));
  for (const row of rows) {
    const [low, high] = row.quartilesMs.map((ms) => ms.toFixed(4));
    const ratio = (row.medianMs / (rows[0]?.medianMs ?? Number.NaN)).toFixed(2);
    console.log(`  ${row.name.padEnd(width)}  ${row.medianMs.toFixed(4).padStart(10)} ms  (${low} … ${high})  ×${ratio}`);
  }
}
