/**
 * A score of 0.99 or 0.999 means one quiet step in 100 or 1,000, whatever the noise is like; `pnpm detect:power` prints
 * the same over more steps.
 */
import { describe, expect, test } from 'vitest';
import { quietSeries } from './quiet.ts';
import { seriesDetectors } from './registry.ts';
import { judge, take } from './testing.ts';

/** Contract.test.ts has the ensemble's, which takes longer. */
const kinds = seriesDetectors.filter(({ name }) => name !== 'ensemble');
/** Of every detector as much is learnt by then as it keeps. */
const learning = 1500;
const length = 10_000;
const seeds = [21, 22, 23];
/**
 * Odd steps come in clusters, so that 25,000 steps have as few as ten of them that are no neighbours. Where many values
 * are equal they are judged less odd, and the upper bounds are all that holds.
 */
const most = { over2: 2, over3: 2.5 } as const;
const least = { over2: 0.5, over3: 0.15 } as const;
/** What a detector is blind to is never odd. */
const isSeen = (detector: string, noise: string): boolean =>
  !['flatline', 'no-data'].includes(detector) && noise !== 'constant with jitter';

describe.each(kinds)('$name', ({ name, create }) => {
  test.each(Object.entries(quietSeries))('%s noise', (noise, quiet) => {
    const judged = seeds.flatMap((seed) =>
      judge(create(seed), take(length, quiet(seed)))
        .slice(learning)
        .filter((surprise) => !Number.isNaN(surprise)),
    );
    const timesAsMany = (power: number): number =>
      judged.filter((surprise) => surprise >= power).length / judged.length / 10 ** -power;
    expect(judged).toHaveLength(seeds.length * (length - learning));
    expect(timesAsMany(2)).toBeLessThan(most.over2);
    expect(timesAsMany(3)).toBeLessThan(most.over3);
    if (!isSeen(name, noise)) return;
    expect(timesAsMany(2)).toBeGreaterThan(least.over2);
    expect(timesAsMany(3)).toBeGreaterThan(least.over3);
  });
});
