import { z } from 'zod';
import type { UnixMs } from '../sample.ts';

/** `PUT`, `GET`, `DELETE /v1/rule-files/:name`. */
export const ruleFileNameSchema = z
  .string()
  .regex(/^[\w.-]{1,100}$/u, 'expected a name of up to 100 letters, digits, ".", "_" or "-"');

/** `GET /v1/rule-files`. */
export interface RuleFilesResponse {
  readonly files: readonly RuleFileStatus[];
}

export interface RuleFileStatus {
  readonly name: string;
  readonly updatedAt: UnixMs;
  readonly groups: readonly RuleGroupStatus[];
}

export interface RuleGroupStatus {
  readonly name: string;
  readonly intervalMs: number;
  readonly rules: number;
  /** Rules whose last evaluation failed. */
  readonly failing: number;
  /** Absent before the first. */
  readonly evaluatedAt?: UnixMs;
  readonly evaluationMs: number;
  /** Evaluations left out because the one before took too long, since the collector started. */
  readonly missed: number;
}

/** Answer to `PUT /v1/rule-files/:name`. */
export interface RuleFilePutResponse {
  readonly name: string;
  readonly groups: number;
  readonly recording: number;
  readonly alerting: number;
}
