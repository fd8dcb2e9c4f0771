import type { Durations } from '../calls/durations.ts';

/** Tokens of each kind, none counted twice: their sum is all that was processed. */
export interface TokenCounts {
  /** Read by the model, without those that came from a cache or were written to one. */
  readonly input: number;
  /** Read from a cache. */
  readonly cached: number;
  /** Written to a cache. */
  readonly cacheWrite: number;
  readonly output: number;
}

export const noTokens: TokenCounts = { input: 0, cached: 0, cacheWrite: 0, output: 0 };

/** Calls of a model: one, or as many as a metric told of. */
export interface LlmCalls {
  readonly provider: string;
  readonly model: string;
  /** What the model calls itself in its answer, often with a date; '' unless told. For its price. */
  readonly answeringModel: string;
  readonly agent: string;
  readonly tool: string;
  /** `chat`, `embeddings`, …; '' unless told. */
  readonly operation: string;
  readonly count: number;
  /** What kind of error they ended with; '' when they did not. */
  readonly error: string;
  readonly tokens: TokenCounts;
  /** undefined when nothing is known of how long they took. */
  readonly durations: Durations | undefined;
}

/** A tool that an agent ran. */
export interface ToolRun {
  readonly agent: string;
  readonly tool: string;
  readonly error: string;
  readonly seconds: number | undefined;
}

/** Input as most count it, cached tokens among them, in its parts. */
export function tokenCounts(input: number, cached: number, cacheWrite: number, output: number): TokenCounts {
  return { input: Math.max(0, input - cached - cacheWrite), cached, cacheWrite, output };
}
