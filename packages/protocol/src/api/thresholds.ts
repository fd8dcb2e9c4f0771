import { z } from 'zod';
import { defineOperations, many, next, pageParameters, unixMs } from './operation.ts';
import { estimate } from './results/common.ts';
import { guardRailSchema, tunedTargetSchema } from './results/threshold-tuning.ts';

/** `proposed`, and not decided on; then `applied`; `rolled-back` to what was before. */
const proposalStates = ['proposed', 'applied', 'rolled-back'] as const;

/** Another threshold, with why: what `threshold.tune` found. */
export const thresholdProposalSchema = z
  .object({
    id: z.string(),
    state: z.enum(proposalStates),
    target: tunedTargetSchema,
    before: z.number(),
    after: z.number(),
    difference: estimate.describe('Reward a day, after less before, on time that was not learnt from.'),
    guardRails: many(guardRailSchema),
    explanation: z.string(),
    jobId: z.string(),
    createdAt: unixMs,
    changedAt: unixMs,
    changedBy: z.string(),
  })
  .meta({ id: 'ThresholdProposal' });
export type ThresholdProposal = z.infer<typeof thresholdProposalSchema>;

/** `POST /v1/missed-incidents`: something happened, and nobody was told. */
export const newMissedIncidentSchema = z
  .object({
    ruleId: z.string().min(1).max(200).describe('The rule, or detection setting, that should have told.'),
    from: z.int().min(0).max(8.64e15).describe('When it began, Unix ms.'),
    to: z.int().min(0).max(8.64e15),
    comment: z.string().max(1_000).default(''),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'expected a time at or after from' });
export type NewMissedIncident = z.infer<typeof newMissedIncidentSchema>;

const missedIncidentSchema = z
  .object({
    id: z.string(),
    ruleId: z.string(),
    from: unixMs,
    to: unixMs,
    comment: z.string(),
    by: z.string(),
    at: unixMs,
  })
  .meta({ id: 'MissedIncident' });
export type MissedIncident = z.infer<typeof missedIncidentSchema>;

const proposalsQuery = z.object({ state: z.enum(proposalStates).exactOptional(), ...pageParameters });
export type ThresholdProposalsFilter = z.infer<typeof proposalsQuery>;

const tag = 'thresholds';

export const thresholdOperations = defineOperations({
  'GET /v1/threshold-proposals': {
    summary: 'Thresholds that the tuner proposes, newest first',
    tag,
    scope: 'read',
    query: proposalsQuery,
    status: 200,
    answer: z.object({ proposals: many(thresholdProposalSchema), next }),
  },
  'GET /v1/threshold-proposals/{id}': {
    summary: 'One of them',
    tag,
    scope: 'read',
    status: 200,
    answer: thresholdProposalSchema,
    refusals: [404],
  },
  'POST /v1/threshold-proposals/{id}/apply': {
    summary: 'Changes the threshold',
    description: 'Refused when the threshold is no longer what it was, or a guard rail does not allow it.',
    tag,
    scope: 'write',
    status: 200,
    answer: thresholdProposalSchema,
    refusals: [404, 409],
  },
  'POST /v1/threshold-proposals/{id}/rollback': {
    summary: 'Changes the threshold back',
    tag,
    scope: 'write',
    status: 200,
    answer: thresholdProposalSchema,
    refusals: [404, 409],
  },
  'GET /v1/missed-incidents': {
    summary: 'What nobody was told of, newest first',
    tag,
    scope: 'read',
    query: z.object(pageParameters),
    status: 200,
    answer: z.object({ missed: many(missedIncidentSchema), next }),
  },
  'POST /v1/missed-incidents': {
    summary: 'Says that a rule should have told, and did not',
    tag,
    scope: 'write',
    body: newMissedIncidentSchema,
    status: 201,
    answer: missedIncidentSchema,
  },
  'DELETE /v1/missed-incidents/{id}': {
    summary: 'Takes that back',
    tag,
    scope: 'write',
    status: 204,
    refusals: [404],
  },
});
