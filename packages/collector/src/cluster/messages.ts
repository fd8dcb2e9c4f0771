/** What collectors tell each other. */
import { z } from 'zod';
import { incidentActionSchema } from '@tarsier/protocol/api';

const scope = z.object({ tenantId: z.int(), tenant: z.string() });
const newsKinds = ['alerts', 'anomalies', 'events', 'incidents'] as const;
export type NewsKind = (typeof newsKinds)[number];
const batchKey = z.object({ hostId: z.int(), t0: z.number(), epoch: z.number(), seq: z.int() });

export const messageSchema = z.discriminatedUnion('kind', [
  /** Batches of a tenant were stored. */
  z.object({ kind: z.literal('batches'), scope, keys: z.array(batchKey) }),
  /** Pages that are open at that collector show this of a tenant: all of it, in place of what it said before. */
  z.object({ kind: z.literal('watching'), from: z.string(), scope, selectors: z.array(z.string()).max(10_000) }),
  /** Batches of a tenant were stored that have some of what is watched at another collector. */
  z.object({ kind: z.literal('watched'), from: z.string(), scope, keys: z.array(batchKey) }),
  /** The tenant's rules, or its routes and what else decides who is told, were changed. */
  z.object({ kind: z.literal('rules'), scope }),
  z.object({ kind: z.literal('policies'), scope }),
  z.object({ kind: z.literal('rule-files') }),
  /** Versions of a model were saved, promoted or deleted. */
  z.object({ kind: z.literal('models'), scope, name: z.string() }),
  z.object({ kind: z.literal('host-deleted'), scope, host: z.string() }),
  /** These were saved by the one that decides: pages that are looked at elsewhere show them. */
  z.object({ kind: z.literal('news'), scope, what: z.enum(newsKinds), ids: z.array(z.string()) }),
  /** Somebody wants to know how the tenant's rules fare, and waits for `acted` of the same `id`. */
  z.object({ kind: z.literal('board'), id: z.string(), scope }),
  /** A person does something about an incident, and waits for `acted` of the same `id`. */
  z.object({
    kind: z.literal('act'),
    id: z.string(),
    scope,
    incidentId: z.string(),
    action: incidentActionSchema,
    by: z.string(),
  }),
  z.object({
    kind: z.literal('acted'),
    id: z.string(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
]);
export type Message = z.infer<typeof messageSchema>;
