/** One poster in front of several collectors over one database: any of them takes any batch, and keeps it once. */
import type { CollectorList } from './collector-list.ts';
import type { PostAnswer, Poster } from './post.ts';
import { problemOf } from './verdict.ts';

/** Who answers so has none to take it: a collector that is stopping, or a balancer without one. */
const awayStatuses: readonly number[] = [502, 503, 504];
/** Of a batch. */
const takenStatus = 204;
/** Schema wanted, too large, too much. */
const collectorStatuses: readonly number[] = [takenStatus, 409, 413, 429];
/** A collector that others tell of knows the same keys. */
const strangerStatuses: readonly number[] = [401, 403];

/**
 * One that does not answer is left, and the next try is another's; whoever sends decides when that is.
 *
 * @param discovers  whether answers to batches, which tell of collectors, come here
 * @param onSwitch  is told which one is tried from now on, and whether the one before was left
 */
export function createFailoverPoster(
  collectors: CollectorList,
  posterTo: (url: string) => Poster,
  {
    discovers,
    onSwitch = () => {},
  }: { readonly discovers: boolean; readonly onSwitch?: (to: string, left: boolean) => void },
): Poster {
  const posters = new Map<string, Poster>();
  let current: string | undefined;
  let left = false;

  function posterFor(url: string): Poster {
    const known = posters.get(url);
    if (known !== undefined) return known;
    const poster = posterTo(url);
    posters.set(url, poster);
    return poster;
  }

  /** Connections to those that are gone. */
  function closeOthers(): void {
    const known = collectors.known();
    for (const [url, poster] of posters) {
      if (known.includes(url)) continue;
      poster.close();
      posters.delete(url);
    }
  }

  return {
    async post(body, headers, timeoutMs) {
      const url = collectors.next();
      if (current !== undefined && url !== current) {
        onSwitch(url, left);
        closeOthers();
      }
      current = url;
      left = true;
      try {
        const answer = await posterFor(url).post(body, headers, timeoutMs);
        left = collectors.isNamed(url) ? awayStatuses.includes(answer.status) : !isOfCollector(answer);
        if (left) collectors.away(url);
        else collectors.answered(url);
        if (discovers && answer.status === takenStatus) collectors.told(url, answer.headers['tarsier-collectors']);
        return answer;
      } catch (error) {
        collectors.away(url);
        throw error;
      }
    },
    close() {
      for (const poster of posters.values()) poster.close();
    },
  };
}

/** Whatever stands at a wrong address answers, too: an agent must not stay there. */
function isOfCollector({ status, text }: PostAnswer): boolean {
  if (collectorStatuses.includes(status)) return true;
  const isRefusal = status >= 400 && status < 500 && !strangerStatuses.includes(status);
  return isRefusal && problemOf(text) !== undefined;
}
