/** Detectors on their own, for programs that bring their own samples: tests, benchmarks, tools. */
export type { HostDetector, SeriesDetector } from './detector.ts';
export { createDetection } from './detection.ts';
export type { StoredSamples } from '../stored-samples.ts';
export { createNoise } from '../stats/noise.ts';
export { quietSeries } from './quiet.ts';
export { hostDetectors, seriesDetectors } from './registry.ts';
export { Repeats, repeatsDefaults, type RepeatsOptions } from './repeats.ts';
export { labelsOf, readSeries, rowScoresOf, scoreRows, scoreSeries } from './score-text.ts';
export { Arena } from '../stats/arena.ts';
export { TailCalibration } from '../stats/tail-calibration.ts';
