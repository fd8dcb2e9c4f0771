import { z } from 'zod';
import { defineOperations } from './operation.ts';
import { roleSchema } from './users.ts';

export const sessionOperations = defineOperations({
  'GET /v1/session': {
    summary: 'Who one is',
    tag: 'session',
    scope: 'any',
    status: 200,
    answer: z.object({
      tenant: z.string(),
      scope: z.enum(['ingest', 'read', 'write', 'admin', 'view']),
      by: z.enum(['key', 'session', 'token']),
      user: z.object({ id: z.string(), email: z.string(), role: roleSchema }).exactOptional(),
    }),
  },
  'DELETE /v1/session': { summary: 'Signs out', tag: 'session', scope: 'any', status: 204 },
});
