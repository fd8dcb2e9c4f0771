/** Every detector, by name. */
import { ensemble } from './ensemble/ensemble.ts';
import type { HostDetectorKind, SeriesDetectorKind } from './detector.ts';

export const seriesDetectors: readonly SeriesDetectorKind[] = [ensemble];

export const hostDetectors: readonly HostDetectorKind[] = [];
