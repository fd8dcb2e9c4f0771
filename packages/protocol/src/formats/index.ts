export { FormatError } from './format-error.ts';
export type { FormatReading, FormatSample } from './format-sample.ts';
export type { JsonSample } from './json-line.ts';
export { parseJsonLine, parseJsonLines } from './json-line.ts';
export { toLabelName, toMetricName } from './names.ts';
