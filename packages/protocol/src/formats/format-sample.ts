import type { Labels } from '../labels.ts';
import type { MetricDescription } from '../metric.ts';
import type { UnixMs } from '../sample.ts';
import type { FormatError } from './format-error.ts';

/** One sample as a text said it. Names are such that {@link isMetricName} and {@link isLabelName} hold. */
export interface FormatSample {
  /** The same object for all samples of a metric in one text. */
  readonly metric: MetricDescription;
  /** May include `host`: where it goes is up to whoever takes the samples. */
  readonly labels: Labels;
  /** Any double, NaN and infinities included. */
  readonly value: number;
  /** undefined when the text does not say: then it is now. */
  readonly time: UnixMs | undefined;
}

/** What could be read of a text of which each line stands for itself. */
export interface FormatReading {
  readonly samples: readonly FormatSample[];
  /** Lines that could not be read. After {@link mostBadLines} the rest of the text is not looked at. */
  readonly badLines: number;
  /** The first of their errors, at most {@link mostErrors}. */
  readonly errors: readonly FormatError[];
}

/** Errors that are kept of one text: enough to see what is wrong. */
export const mostErrors = 10;

/** So many bad lines are no slip: the text is of another format, and each error costs more than a good line. */
export const mostBadLines = 1_000;

/** Longest line, in UTF-16 units. */
export const maxLineLength = 65_536;

/** Most samples of one text. */
export const maxFormatSamples = 500_000;

/** Times that a Date can hold; beyond them nothing sorts or prints. */
export const maxUnixMs = 8_640_000_000_000_000;
