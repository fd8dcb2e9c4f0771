import type * as http from 'node:http';
import { createRequire } from 'node:module';

export interface PostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most a few kilobytes: what went wrong. */
  readonly text: string;
}

export interface Poster {
  /** @throws when there is no whole answer within `timeoutMs` */
  post(body: Uint8Array, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<PostAnswer>;
  close(): void;
}

const mostText = 4_096;
/** Of an answer that goes on and on this much is read; then the connection is given up. */
const mostAnswerBytes = 256 * 1024;

// An `import` of node:http makes every lazy part of it, fetch and WebSocket included: 10 MiB.
const require = createRequire(import.meta.url);

/** One kept connection to one address. `fetch` would cost 15 MB and twice the CPU. */
export function createPoster(url: URL, method: 'POST' | 'PUT' = 'POST'): Poster {
  // Their types are those of the modules.
  const { Agent, request } = (url.protocol === 'https:' ? require('node:https') : require('node:http')) as typeof http;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  function postOnce(
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
  ): Promise<PostAnswer | 'stale'> {
    return new Promise((resolve, reject) => {
      const sent = request(
        url,
        { method, agent, headers: { ...headers, 'content-length': body.byteLength } },
        (response) => {
          readText(response).then((text) => {
            clearTimeout(deadline);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
          }, reject);
        },
      );
      // Over the whole answer: one that trickles in must not hold up the next batch.
      const deadline = setTimeout(() => sent.destroy(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(deadline);
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve('stale');
        else reject(error);
      });
      sent.end(body);
    });
  }

  return {
    async post(body, headers, timeoutMs) {
      let answer = await postOnce(body, headers, timeoutMs);
      // The collector closed the kept connection just as we used it: that says nothing about the collector.
      if (answer === 'stale') answer = await postOnce(body, headers, timeoutMs);
      if (answer === 'stale') throw new Error('the connection was reset');
      return answer;
    },
    close: () => agent.destroy(),
  };
}

function readText(response: http.IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let read = 0;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      read += chunk.length;
      if (text.length < mostText) text += chunk;
      if (read <= mostAnswerBytes) return;
      resolve(text.slice(0, mostText));
      response.destroy();
    });
    response.on('end', () => resolve(text.slice(0, mostText)));
    response.on('error', (cause) => reject(new Error('the answer broke off', { cause })));
  });
}
