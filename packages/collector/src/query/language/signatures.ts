import type { ValueType } from './ast.ts';

/** What a function takes and gives. */
export interface Signature {
  readonly args: readonly ValueType[];
  /** How many of `args` at the end may be left out. */
  readonly optional?: number;
  /** The last of `args` may come any number of times, also not at all. */
  readonly repeats?: true;
  readonly returns: ValueType;
  /** Marked experimental by Prometheus: its name or meaning may change there. */
  readonly experimental?: true;
}

const ofVector: Signature = { args: ['vector'], returns: 'vector' };
const ofMatrix: Signature = { args: ['matrix'], returns: 'vector' };
const ofTime: Signature = { args: ['vector'], optional: 1, returns: 'vector' };
const experimental = { experimental: true } as const;

/** Every function of the language, by name. `functions/index.ts` has what they do. */
export const signatures = {
  abs: ofVector,
  absent: ofVector,
  absent_over_time: ofMatrix,
  acos: ofVector,
  acosh: ofVector,
  asin: ofVector,
  asinh: ofVector,
  atan: ofVector,
  atanh: ofVector,
  avg_over_time: ofMatrix,
  ceil: ofVector,
  changes: ofMatrix,
  clamp: { args: ['vector', 'scalar', 'scalar'], returns: 'vector' },
  clamp_max: { args: ['vector', 'scalar'], returns: 'vector' },
  clamp_min: { args: ['vector', 'scalar'], returns: 'vector' },
  cos: ofVector,
  cosh: ofVector,
  count_over_time: ofMatrix,
  day_of_month: ofTime,
  day_of_week: ofTime,
  day_of_year: ofTime,
  days_in_month: ofTime,
  deg: ofVector,
  delta: ofMatrix,
  deriv: ofMatrix,
  double_exponential_smoothing: { args: ['matrix', 'scalar', 'scalar'], returns: 'vector', ...experimental },
  end: { args: [], returns: 'scalar', ...experimental },
  exp: ofVector,
  first_over_time: { ...ofMatrix, ...experimental },
  floor: ofVector,
  histogram_avg: ofVector,
  histogram_count: ofVector,
  histogram_fraction: { args: ['scalar', 'scalar', 'vector'], returns: 'vector' },
  histogram_quantile: { args: ['scalar', 'vector'], returns: 'vector' },
  histogram_quantiles: {
    args: ['vector', 'string', 'scalar', 'scalar'],
    repeats: true,
    returns: 'vector',
    ...experimental,
  },
  histogram_stddev: ofVector,
  histogram_stdvar: ofVector,
  histogram_sum: ofVector,
  holt_winters: { args: ['matrix', 'scalar', 'scalar'], returns: 'vector' },
  hour: ofTime,
  idelta: ofMatrix,
  increase: ofMatrix,
  info: { args: ['vector', 'vector'], optional: 1, returns: 'vector', ...experimental },
  irate: ofMatrix,
  label_join: { args: ['vector', 'string', 'string', 'string'], repeats: true, returns: 'vector' },
  label_replace: { args: ['vector', 'string', 'string', 'string', 'string'], returns: 'vector' },
  last_over_time: ofMatrix,
  ln: ofVector,
  log10: ofVector,
  log2: ofVector,
  mad_over_time: { ...ofMatrix, ...experimental },
  max_of: { args: ['scalar', 'scalar'], returns: 'scalar', ...experimental },
  max_over_time: ofMatrix,
  min_of: { args: ['scalar', 'scalar'], returns: 'scalar', ...experimental },
  min_over_time: ofMatrix,
  minute: ofTime,
  month: ofTime,
  pi: { args: [], returns: 'scalar' },
  predict_linear: { args: ['matrix', 'scalar'], returns: 'vector' },
  present_over_time: ofMatrix,
  quantile_over_time: { args: ['scalar', 'matrix'], returns: 'vector' },
  rad: ofVector,
  range: { args: [], returns: 'scalar', ...experimental },
  rate: ofMatrix,
  resets: ofMatrix,
  round: { args: ['vector', 'scalar'], optional: 1, returns: 'vector' },
  scalar: { args: ['vector'], returns: 'scalar' },
  sgn: ofVector,
  sin: ofVector,
  sinh: ofVector,
  sort: ofVector,
  sort_by_label: { args: ['vector', 'string'], repeats: true, returns: 'vector', ...experimental },
  sort_by_label_desc: { args: ['vector', 'string'], repeats: true, returns: 'vector', ...experimental },
  sort_desc: ofVector,
  sqrt: ofVector,
  start: { args: [], returns: 'scalar', ...experimental },
  stddev_over_time: ofMatrix,
  stdvar_over_time: ofMatrix,
  step: { args: [], returns: 'scalar', ...experimental },
  sum_over_time: ofMatrix,
  tan: ofVector,
  tanh: ofVector,
  time: { args: [], returns: 'scalar' },
  timestamp: ofVector,
  ts_of_first_over_time: { ...ofMatrix, ...experimental },
  ts_of_last_over_time: { ...ofMatrix, ...experimental },
  ts_of_max_over_time: { ...ofMatrix, ...experimental },
  ts_of_min_over_time: { ...ofMatrix, ...experimental },
  vector: { args: ['scalar'], returns: 'vector' },
  year: ofTime,
} satisfies Readonly<Record<string, Signature>>;

export type FunctionName = keyof typeof signatures;

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(signatures, name);
}

export function signatureOf(name: FunctionName): Signature {
  return signatures[name];
}
