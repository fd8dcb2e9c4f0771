/** Sends a fleet's batches over kept connections, as fast as they are answered. Its own process, on its own core. */
import { Agent, request } from 'node:http';
import { batchContentType } from '@tarsier/protocol';
import { createHost, rowsPerBatch } from '../fleet.ts';

const [url = '', key = '', hostCount = '100', width = '200', rounds = '30', startMs = '0'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(hostCount) });
const hosts = Array.from({ length: Number(hostCount) }, (_, index) =>
  createHost(index, Number(width), Number(startMs)),
);

function send(body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': batchContentType,
      'content-length': body.byteLength,
    };
    const sent = request(new URL('/v1/ingest', url), { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

let samples = 0;
let bytes = 0;
for (let round = 0; round < Number(rounds); round++) {
  const t0 = Number(startMs) + round * rowsPerBatch * 1000;
  // Made before it is sent, so that the loader's work does not space the requests out.
  const batches = hosts.map((host) => host.nextBatch(t0));
  const answers = await Promise.all(batches.map(({ body }) => send(body)));
  const wrong = answers.find((status) => status !== 204);
  if (wrong !== undefined) throw new Error(`a batch was answered with ${wrong}`);
  for (const batch of batches) {
    samples += batch.samples;
    bytes += batch.body.byteLength;
  }
}
agent.destroy();
process.stdout.write(`${JSON.stringify({ samples, bytes })}\n`);
