/** Every detector, by name. */
import { ensemble } from './ensemble/ensemble.ts';
import { changepoint } from './changepoint/changepoint.ts';
import { extremeValue } from './extreme-value/extreme-value.ts';
import { flatline } from './flatline/flatline.ts';
import { isolationForest } from './isolation-forest/isolation-forest.ts';
import { jointLevel } from './joint-level/joint-level.ts';
import { noData } from './no-data/no-data.ts';
import { seasonal } from './seasonal/seasonal.ts';
import { zscore } from './zscore/zscore.ts';
import type { HostDetectorKind, SeriesDetectorKind } from './detector.ts';

export const seriesDetectors: readonly SeriesDetectorKind[] = [
  ensemble,
  zscore,
  changepoint,
  extremeValue,
  flatline,
  noData,
  seasonal,
];

export const hostDetectors: readonly HostDetectorKind[] = [jointLevel, isolationForest];
