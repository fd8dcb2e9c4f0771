import { z } from 'zod';
import { defineOperations, many, next, pageParameters, unixMs } from './operation.ts';
import { timeParameter } from './time.ts';

const auditParameters = z.object({
  start: timeParameter.exactOptional(),
  end: timeParameter.exactOptional(),
  actor: z.string().max(300).exactOptional().describe('Name of who did it.'),
  action: z.string().max(300).exactOptional().describe('As in `POST /v1/silences`, or `key create`.'),
  ...pageParameters,
});
export type AuditFilter = z.output<typeof auditParameters>;

export const auditEntrySchema = z
  .object({
    number: z.int().describe('1, 2, 3, … of the tenant.'),
    at: unixMs,
    actor: z.object({
      kind: z.enum(['key', 'session', 'command', 'user', 'token', 'system']),
      name: z.string().describe('Of a key its name or id, of a person the name.'),
    }),
    action: z.string().describe('The operation, or the command.'),
    target: z.string().describe('What was changed, as a path.'),
    from: z.string().describe('Address of the client, or name of the machine of a command.'),
    requestId: z.string(),
    before: z.unknown().describe('What was there; null for nothing. Secrets are left out.'),
    after: z.unknown().describe('What is there now; null for nothing.'),
    hash: z.string().describe('SHA-256 over the entry and the hash of the one before, hexadecimal.'),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditOperations = defineOperations({
  'GET /v1/audit': {
    summary: 'Who changed what, newest first',
    description: '`tarsier-collector audit verify` checks that no entry was altered.',
    tag: 'audit',
    scope: 'admin',
    query: auditParameters,
    status: 200,
    answer: z.object({ entries: many(auditEntrySchema), next }),
  },
});
