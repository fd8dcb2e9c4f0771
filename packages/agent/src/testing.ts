/** What the tests of spool and shipping share: made-up batches, and a receiver that is as bad as it is told to be. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodeEnvelope,
  decodePayload,
  decodeSchema,
  encodeEnvelope,
  encodePayload,
  encodeSchema,
  seriesSignature,
  type BatchEnvelope,
} from '@tarsier/protocol';
import { schemaHash, zstdCompress, zstdDecompress } from '@tarsier/protocol/zstd';
import { onTestFinished } from 'vitest';
import { createLog, type Log } from './log.ts';
import type { EncodedSchema } from './spool/contract.ts';

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-agent-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function recordingLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: createLog({ level: 'debug', format: 'text', write: (line) => lines.push(line) }), lines };
}

export interface MadeBatch {
  readonly bytes: Uint8Array;
  readonly schema: EncodedSchema;
  readonly time: number;
}

/** A batch of `rows` seconds and `width` series, whose values are all different. */
export function makeBatch({ seq = 0, rows = 4, width = 3, epoch = 1_000 } = {}): MadeBatch {
  const from = seq * rows + 1;
  const schemaBytes = encodeSchema({
    metrics: [
      { name: 'even', kind: 'gauge', unit: '', help: 'Even ones.' },
      { name: 'odd', kind: 'counter', unit: '', help: 'Odd ones.' },
    ],
    series: Array.from({ length: width }, (_, column) => ({ metric: column % 2, labels: { at: String(column) } })),
  });
  const schema = { bytes: schemaBytes, hash: schemaHash(schemaBytes) };
  const times = Float64Array.from({ length: rows }, (_, row) => (from + row) * 1000);
  const [t0 = 0, t1 = t0] = [times[0], times.at(-1)];
  const values = Float64Array.from({ length: rows * width }, (_, at) => Math.fround(Math.sin(seq * 1e4 + at)));
  const payload = encodePayload({ times, width, values }, zstdCompress);
  return {
    bytes: encodeEnvelope({ host: 'h', epoch, seq, schemaHash: schema.hash, t0, t1, rows, payload }),
    schema,
    time: t1,
  };
}

/** Every sample of a batch as a line of text: for comparing what arrived with what was sent. */
export function samplesIn({ payload }: Pick<BatchEnvelope, 'payload'>, schema: Uint8Array): string[] {
  const { metrics, series } = decodeSchema(schema);
  const { times, width, values, present } = decodePayload(payload, zstdDecompress);
  const lines: string[] = [];
  for (let column = 0; column < width; column++) {
    const { metric = -1, labels = {} } = series[column] ?? {};
    const signature = seriesSignature({ name: metrics[metric]?.name ?? '', labels });
    for (const [row, time] of times.entries()) {
      const at = column * times.length + row;
      if (present?.[at] !== 0) lines.push(`${signature} ${time} ${values[at]}`);
    }
  }
  return lines;
}

export interface Taken extends BatchEnvelope {
  readonly bodyBytes: number;
}

/** What to answer; undefined when the handler has answered, or will not. */
type Respond = (batch: Taken, response: ServerResponse, request: IncomingMessage) => number | undefined;

/**
 * A real HTTP server that keeps what it answers 204 for, each name once, as a collector does. It asks for schemas that
 * it does not know.
 */
export async function startReceiver(respond: Respond = () => 204) {
  const stored = new Map<string, string[]>();
  const requests: Taken[] = [];
  const schemas = new Map<string, Uint8Array>();
  let connections = 0;
  const server = createServer((request, response) => {
    // Accounts are for collectors that keep them.
    if (request.method === 'PUT') return void request.resume().on('end', () => response.writeHead(404).end());
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const batch = { ...decodeEnvelope(body), bodyBytes: body.byteLength };
      requests.push(batch);
      const status = respond(batch, response, request);
      if (status === undefined) return;
      const hash = Buffer.from(batch.schemaHash).toString('hex');
      const schema = batch.schema ?? schemas.get(hash);
      if (status !== 204) return void response.writeHead(status).end();
      if (schema === undefined) return void response.writeHead(409).end();
      schemas.set(hash, schema);
      const name = `${batch.host}/${batch.epoch}/${batch.seq}`;
      if (!stored.has(name)) stored.set(name, samplesIn(batch, schema));
      response.writeHead(204).end();
    });
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/v1/ingest`),
    server,
    requests,
    stored,
    /** All samples that were stored, once for each time they were. */
    samples: () => [...stored.values()].flat().toSorted(),
    connections: () => connections,
  };
}
