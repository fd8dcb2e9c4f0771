/** Sends a fleet's batches over kept connections, as fast as they are answered. Its own process, on its own core. */
import { Agent, request, type OutgoingHttpHeaders } from 'node:http';
import { batchContentType } from '@tarsier/protocol';
import snappy from 'snappyjs';
import { createHost, rowsPerBatch, type FleetHost } from '../fleet.ts';
import { createRemoteWriteEncoder } from './remote-write.ts';

const [kind = '', url = '', key = '', hostCount = '100', width = '200', rounds = '30', startMs = '0'] =
  process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(hostCount) });
const headers: OutgoingHttpHeaders =
  kind === 'tarsier'
    ? { authorization: `Bearer ${key}`, 'content-type': batchContentType }
    : {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      };
const hosts = Array.from({ length: Number(hostCount) }, (_, index) => {
  const host = createHost(index, Number(width), Number(startMs));
  return kind === 'tarsier' ? (t0: number) => host.nextBatch(t0).body : remoteWrite(host);
});

function remoteWrite(host: FleetHost): (t0: number) => Uint8Array {
  const encoder = createRemoteWriteEncoder(
    host.series.map(({ name, device }) => [
      ['__name__', name],
      ['device', device],
      ['host', host.name],
    ]),
  );
  return (t0) => snappy.compress(encoder.encode(host.nextRows(t0)));
}

function send(body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { ...headers, 'content-length': body.byteLength } },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

let samples = 0;
let bytes = 0;
for (let round = 0; round < Number(rounds); round++) {
  const t0 = Number(startMs) + round * rowsPerBatch * 1000;
  // Made before it is sent, so that the loader's work does not space the requests out.
  const bodies = hosts.map((next) => next(t0));
  const statuses = await Promise.all(bodies.map(send));
  const wrong = statuses.find((status) => status !== 204);
  if (wrong !== undefined) throw new Error(`a batch was answered with ${wrong}`);
  samples += hosts.length * Number(width) * rowsPerBatch;
  bytes += bodies.reduce((sum, body) => sum + body.byteLength, 0);
}
agent.destroy();
process.stdout.write(`${JSON.stringify({ samples, bytes })}\n`);
