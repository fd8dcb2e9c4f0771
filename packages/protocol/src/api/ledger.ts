import { z } from 'zod';
import type { UnixMs } from '../sample.ts';
import { defineOperations, many, unixMs } from './operation.ts';

const hourMs = 3_600_000;
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const startOfHour = z
  .int()
  .min(0)
  .refine((time) => time % hourMs === 0, 'expected the start of an hour, UTC, Unix ms');

/** `PUT /v1/hosts/{host}/ledger`: an agent's own account. Hours that are left out stay as they were. */
export const ledgerReport = z.strictObject({
  source: z.uuid().describe("Names the agent's account: each folder of a spool has one."),
  through: z.int().min(0).describe('Before it all that was taken is in the account; Unix ms.'),
  hours: z
    .array(
      z.strictObject({
        hour: startOfHour,
        taken: count.describe('Samples that were written to the spool.'),
        sent: count.describe('Samples that a collector has answered to have.'),
        dropped: z.record(z.string().min(1).max(100), count).describe('Samples that were given up, by reason.'),
        crashes: count.describe('How often the agent ended without closing its spool.'),
      }),
    )
    .max(1_000),
});
export type LedgerReport = z.infer<typeof ledgerReport>;

/**
 * `balanced`: taken = stored + dropped. `waiting`: the rest is still with the agent. `open`: the hour, or what the
 * agent has told of it, is not over. `fault`: something is missing, or there twice. `unaccounted`: no agent has told of
 * it.
 */
export const ledgerStates = ['balanced', 'waiting', 'open', 'fault', 'unaccounted'] as const;
export type LedgerState = (typeof ledgerStates)[number];

/** Samples of one host and hour, by the times of their batches' first ticks. */
export interface LedgerHour {
  /** Its start. */
  readonly hour: UnixMs;
  readonly state: LedgerState;
  /** Why it is a fault. */
  readonly why?: string;
  readonly taken: number;
  readonly sent: number;
  /** Taken, and neither sent nor dropped. */
  readonly waiting: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Committed by a collector, from agents. */
  readonly stored: number;
  readonly crashes: number;
}

const hourSchema: z.ZodType<LedgerHour> = z
  .object({
    hour: unixMs,
    state: z.enum(ledgerStates),
    why: z.string().exactOptional(),
    taken: z.number(),
    sent: z.number(),
    waiting: z.number(),
    dropped: z.record(z.string(), z.number()),
    stored: z.number(),
    crashes: z.number(),
  })
  .meta({ id: 'LedgerHour' });

/** Hours of an answer: a week. */
const mostHours = 168;

export const ledgerOperations = defineOperations({
  'GET /v1/hosts/{host}/ledger': {
    summary: 'What became of each sample that a host’s agents took, by hour',
    description:
      'taken = stored + dropped, for each hour that is over and of which nothing waits. docs/reliability.md says what each figure is.',
    tag: 'hosts',
    scope: 'read',
    query: z.object({
      hours: z.coerce
        .number()
        .int()
        .min(1)
        .max(mostHours)
        .default(24)
        .describe('How many hours, the running one included.'),
    }),
    status: 200,
    answer: z
      .object({
        host: z.string(),
        state: z.enum(ledgerStates),
        through: unixMs.exactOptional().describe('Until when the agents have told of; absent when none has.'),
        hours: many(hourSchema),
      })
      .meta({ id: 'Ledger' }),
    refusals: [404],
  },
  'PUT /v1/hosts/{host}/ledger': {
    summary: 'Takes an agent’s account of its samples',
    tag: 'samples',
    scope: 'ingest',
    body: ledgerReport,
    status: 204,
    refusals: [404],
  },
});
