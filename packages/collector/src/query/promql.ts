/** PromQL on its own, for programs that bring their own samples: tests, benchmarks, tools. */
export { createEngine, type Engine, type QueryData, type QueryResult } from './engine.ts';
export { LabelSet } from './label-set.ts';
export { parseDuration } from './language/duration.ts';
export { formatValue, parseNumber } from './language/number.ts';
export { parseMetricSelector } from './language/parser.ts';
export { unquote } from './language/text.ts';
export { createMemoryReader } from './memory-reader.ts';
export { parseSeries, signed, type NotedSeries } from './series-notation.ts';
export type { SeriesReader, StoredSeries } from './series-reader.ts';
export { markStale } from './staleness.ts';
