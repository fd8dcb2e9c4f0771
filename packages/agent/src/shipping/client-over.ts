import { createClient, type Client } from '@tarsier/protocol/client';
import type { Poster } from './post.ts';

/**
 * The typed client of the REST API; with `fetch` it would cost 15 MB.
 *
 * @param poster  to the address of the operation that is called
 */
export function clientOver(poster: Poster, token: string, timeoutMs: number): Pick<Client, 'call'> {
  return createClient({
    url: '',
    token,
    async fetch(_, { headers, body = '' }) {
      const answer = await poster.post(Buffer.from(body), headers, timeoutMs);
      return {
        ok: answer.status >= 200 && answer.status < 300,
        status: answer.status,
        headers: { get: (name) => [answer.headers[name.toLowerCase()] ?? []].flat()[0] ?? null },
        json: async () => JSON.parse(answer.text),
      };
    },
  });
}
