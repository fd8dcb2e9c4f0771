import { z } from 'zod';
import type { UnixMs } from '../sample.ts';
import { defineOperations, many, unixMs } from './operation.ts';

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
  /** When it last left one out; absent: never. */
  readonly missedAt?: UnixMs;
}

/** Answer to `PUT /v1/rule-files/:name`. */
export interface RuleFilePutResponse {
  readonly name: string;
  readonly groups: number;
  readonly recording: number;
  readonly alerting: number;
}

const groupStatus: z.ZodType<RuleGroupStatus> = z.object({
  name: z.string(),
  intervalMs: z.number(),
  rules: z.int(),
  failing: z.int(),
  evaluatedAt: unixMs.exactOptional(),
  evaluationMs: z.number(),
  missed: z.int(),
  missedAt: unixMs.exactOptional(),
});

const putAnswer: z.ZodType<RuleFilePutResponse> = z.object({
  name: z.string(),
  groups: z.int(),
  recording: z.int(),
  alerting: z.int(),
});

export const ruleFileOperations = defineOperations({
  'GET /v1/rule-files': {
    summary: 'Rule files, and how their groups do',
    tag: 'rule-files',
    scope: 'read',
    status: 200,
    answer: z.object({ files: many(z.object({ name: z.string(), updatedAt: unixMs, groups: many(groupStatus) })) }),
  },
  'GET /v1/rule-files/{name}': {
    summary: 'A rule file as it was put',
    tag: 'rule-files',
    scope: 'read',
    status: 200,
    answer: { types: ['application/yaml'] },
  },
  'PUT /v1/rule-files/{name}': {
    summary: "Puts a rule file in Prometheus's YAML",
    tag: 'rule-files',
    scope: 'write',
    body: { types: ['application/yaml', 'text/yaml', 'application/json'] },
    status: 200,
    answer: putAnswer,
  },
  'DELETE /v1/rule-files/{name}': { summary: 'Deletes a rule file', tag: 'rule-files', scope: 'write', status: 204 },
});
