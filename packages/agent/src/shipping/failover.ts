/** One poster in front of several collectors over one database: any of them takes any batch, and keeps it once. */
import type { Poster } from './post.ts';

/** Back to the first after so long: it is where the others of this host go. */
const returnMs = 5 * 60_000;
/** Who answers so has none to take it: a collector that is stopping, or a balancer without one. */
const awayStatuses: readonly number[] = [502, 503, 504];

/**
 * Stays with the one that answers. One that does not is left, and the next try is another's; whoever sends decides
 * when that is.
 *
 * @param posters  the one to prefer first; at least one
 * @param onSwitch  is told the place of the one that is tried from now on
 */
export function createFailoverPoster(
  posters: readonly Poster[],
  { monotonic, onSwitch = () => {} }: { readonly monotonic: () => number; readonly onSwitch?: (to: number) => void },
): Poster {
  let current = 0;
  let leftAt = 0;

  function goTo(next: number): void {
    if (next === current) return;
    if (current === 0) leftAt = monotonic();
    current = next;
    onSwitch(current);
  }

  return {
    async post(body, headers, timeoutMs) {
      if (current !== 0 && monotonic() - leftAt >= returnMs) goTo(0);
      const tried = current;
      const poster = posters[tried];
      if (poster === undefined) throw new RangeError('expected at least one collector');
      const next = (tried + 1) % posters.length;
      try {
        const answer = await poster.post(body, headers, timeoutMs);
        if (awayStatuses.includes(answer.status)) goTo(next);
        return answer;
      } catch (error) {
        goTo(next);
        throw error;
      }
    },
    close() {
      for (const poster of posters) poster.close();
    },
  };
}
