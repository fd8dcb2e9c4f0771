import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface PostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most a few kilobytes: what went wrong. */
  readonly text: string;
}

export interface Poster {
  /** @throws when there is no answer within `timeoutMs` */
  post(body: Uint8Array, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<PostAnswer>;
  close(): void;
}

const mostText = 4_096;

/** One kept connection to one address. `fetch` would cost 15 MB and twice the CPU. */
export function createPoster(url: URL): Poster {
  const secure = url.protocol === 'https:';
  const options = { keepAlive: true, maxSockets: 1 };
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
  const send = secure ? httpsRequest : httpRequest;
  return {
    post: (body, headers, timeoutMs) =>
      new Promise((resolve, reject) => {
        const sent = send(
          url,
          { method: 'POST', agent, headers: { ...headers, 'content-length': body.byteLength } },
          (response) => {
            let text = '';
            response.setEncoding('utf8');
            response.on('data', (chunk: string) => {
              if (text.length < mostText) text += chunk;
            });
            response.on('end', () =>
              resolve({ status: response.statusCode ?? 0, headers: response.headers, text: text.slice(0, mostText) }),
            );
            response.on('error', reject);
          },
        );
        sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}
