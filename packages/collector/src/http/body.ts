import type { IncomingMessage } from 'node:http';
import { TarsierError } from '@tarsier/protocol';
import type { Context } from 'hono';
import type { AppEnv } from './app-env.ts';

/**
 * The request's bytes, of at most `limit`. Read from Node's own request where there is one: a web stream costs an
 * agent's batch more than its decoding.
 *
 * @throws {TarsierError} `http/too-large` before more than `limit` is kept, `http/aborted`
 */
export async function readBody(c: Context<AppEnv>, limit: number): Promise<Uint8Array> {
  const declared = Number(c.req.header('content-length') ?? 0);
  if (declared > limit) throw tooLarge(limit);
  const incoming = c.env?.incoming;
  if (incoming !== undefined) return readIncoming(incoming, limit);
  const body = new Uint8Array(await c.req.arrayBuffer());
  if (body.byteLength > limit) throw tooLarge(limit);
  return body;
}

function readIncoming(incoming: IncomingMessage, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    incoming.on('data', (chunk: Uint8Array) => {
      length += chunk.byteLength;
      if (length > limit) {
        // The rest is thrown away unread; the answer still reaches a client that listens.
        chunks.length = 0;
        reject(tooLarge(limit));
        return;
      }
      chunks.push(chunk);
    });
    incoming.on('end', () => {
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    });
    incoming.on('error', (cause) =>
      reject(new TarsierError('http/aborted', 'the request ended before its body', { cause })),
    );
    incoming.on('aborted', () => reject(new TarsierError('http/aborted', 'the request ended before its body')));
  });
}

function tooLarge(limit: number): TarsierError {
  return new TarsierError('http/too-large', `body: expected at most ${limit} bytes`);
}
