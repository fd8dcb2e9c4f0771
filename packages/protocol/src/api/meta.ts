import { z } from 'zod';
import { defineOperations } from './operation.ts';

export const metaOperations = defineOperations({
  'GET /v1/openapi.json': {
    summary: 'This API as OpenAPI 3.1',
    tag: 'meta',
    scope: 'public',
    status: 200,
    answer: z.record(z.string(), z.unknown()),
  },
  'GET /v1/docs': {
    summary: 'This API as a page to read',
    tag: 'meta',
    scope: 'public',
    status: 200,
    answer: { types: ['text/html'] },
  },
  'GET /v1/docs/style.css': {
    summary: "The page's style",
    tag: 'meta',
    scope: 'public',
    status: 200,
    answer: { types: ['text/css'] },
  },
  'GET /v1/live': {
    summary: 'The live feed: a WebSocket',
    description: 'docs/live.md has the messages.',
    tag: 'live',
    scope: 'public',
    status: 101,
  },
});
