/** Which events resemble each other: what a job does again and again is less of an event each time. */
import type { UnixMs } from '@tarsier/protocol';

/** How much of an event's evidence came from series of each metric; of length 1. */
export type EventShape = ReadonlyMap<string, number>;

/** Cosine of the angle between shapes from which they are of the same kind. */
export const likeness = 0.6;
/** Time after which an event is half forgotten. */
const halfLifeMs = 2 * 3_600_000;
/** Kinds of event that are remembered of a host. */
const mostKinds = 50;

/** @param strengths  of metrics, in any order; the same metric may come again */
export function shapeOf(strengths: Iterable<readonly [metric: string, strength: number]>): EventShape {
  const sums = new Map<string, number>();
  for (const [metric, strength] of strengths) sums.set(metric, (sums.get(metric) ?? 0) + strength);
  const length = Math.hypot(...sums.values());
  return new Map(Array.from(sums, ([metric, sum]): [string, number] => [metric, length === 0 ? 0 : sum / length]));
}

/** @returns 0 for nothing in common, to 1 */
export function similarity(one: EventShape, other: EventShape): number {
  let product = 0;
  for (const [metric, weight] of one) product += weight * (other.get(metric) ?? 0);
  return product;
}

interface Kind {
  shape: EventShape;
  /** Events, older ones counting less, by then. */
  count: number;
  at: UnixMs;
}

/** The events that a host had, by kind. */
export class EventHabits {
  readonly #kinds: Kind[] = [];

  /** @returns how many events like it there were, older ones counting less */
  countLike(shape: EventShape, at: UnixMs): number {
    const kind = this.#nearest(shape);
    return kind === undefined ? 0 : kind.count * 2 ** (-(at - kind.at) / halfLifeMs);
  }

  learn(shape: EventShape, at: UnixMs): void {
    const kind = this.#nearest(shape);
    if (kind !== undefined) {
      kind.count = 1 + kind.count * 2 ** (-(at - kind.at) / halfLifeMs);
      kind.at = at;
      // Each event moves the kind a little.
      kind.shape = shapeOf([
        ...Array.from(kind.shape, ([name, weight]): [string, number] => [name, 2 * weight]),
        ...shape,
      ]);
      return;
    }
    this.#kinds.push({ shape, count: 1, at });
    if (this.#kinds.length > mostKinds) this.#kinds.shift();
  }

  #nearest(shape: EventShape): Kind | undefined {
    let [best, bestLikeness]: [Kind | undefined, number] = [undefined, likeness];
    for (const kind of this.#kinds) {
      const found = similarity(shape, kind.shape);
      if (found >= bestLikeness) [best, bestLikeness] = [kind, found];
    }
    return best;
  }
}
