/** The system counts a thread's time in ticks of some milliseconds: a shorter run is repeated. */
const leastMs = 20;
const mostRuns = 1_000_000;

/**
 * Runs something, and says what one run takes.
 *
 * @param run  gives the same each time
 * @param clock  CPU time so far, ms
 */
export function costOf<T>(run: () => T, clock: () => number): { readonly result: T; readonly ms: number } {
  const began = clock();
  let result = run();
  let runs = 1;
  for (; clock() - began < leastMs && runs < mostRuns; runs++) result = run();
  return { result, ms: (clock() - began) / runs };
}
