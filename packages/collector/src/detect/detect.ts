/** Detectors on their own, for programs that bring their own samples: tests, benchmarks, tools. */
export { hostDetectors, seriesDetectors } from './registry.ts';
export { scoreRows, scoreSeries } from './score-text.ts';
