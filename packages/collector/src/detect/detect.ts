/** Detectors on their own, for programs that bring their own samples: tests, benchmarks, tools. */
export { hostDetectors, seriesDetectors } from './registry.ts';
export { Repeats, repeatsDefaults, type RepeatsOptions } from './repeats.ts';
export { readSeries, scoreRows, scoreSeries } from './score-text.ts';
export { Arena } from '../stats/arena.ts';
