import type { Call, Expr } from '../language/ast.ts';
import type { Annotations } from './annotations.ts';
import type { QueryTimes } from './prepare.ts';
import type { Steps } from './steps.ts';
import type { RangeVector, VectorSeries } from './value.ts';
import type { StoredSeries } from '../series-reader.ts';
import type { Matcher } from '../language/ast.ts';

/** What a function gets: its arguments, each evaluated when it is asked for, and where it stands. */
export interface CallContext {
  readonly call: Call;
  readonly steps: Steps;
  readonly times: QueryTimes;
  readonly annotations: Annotations;
  vector(index: number): Promise<readonly VectorSeries[]>;
  /** One value per step. */
  scalar(index: number): Promise<Float64Array>;
  matrix(index: number): Promise<RangeVector>;
  string(index: number): string;
  /** The times of the samples that a selector finds, in seconds; undefined where the argument is no selector. */
  sampleTimes(index: number): Promise<readonly VectorSeries[]> | undefined;
  /** Other series than those of the arguments, with all samples that the steps can see. */
  select(matchers: readonly Matcher[]): Promise<readonly StoredSeries[]>;
  /** Lets others have a turn: to be awaited between two series where it is not undefined. */
  pause(): Promise<void> | undefined;
}

export type VectorFunction = (context: CallContext) => Promise<readonly VectorSeries[]> | readonly VectorSeries[];
export type ScalarFunction = (context: CallContext) => Promise<Float64Array> | Float64Array;

/** The argument's place in the text, for a message. */
export function argument({ call }: CallContext, index: number): Expr {
  return call.args[index] ?? call;
}
