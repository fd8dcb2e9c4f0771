import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real HTTP server that keeps the JSON it is sent, and under which idempotency key it came when. */
export async function startWebhookReceiver(): Promise<{
  readonly url: string;
  readonly received: readonly unknown[];
  /** As many, in the same order. */
  readonly arrivals: readonly { readonly key: string; readonly at: number }[];
  close(): void;
}> {
  const received: unknown[] = [];
  const arrivals: { readonly key: string; readonly at: number }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      received.push(JSON.parse(text));
      arrivals.push({ key: String(request.headers['idempotency-key']), at: Date.now() });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, received, arrivals, close: () => server.close() };
}
