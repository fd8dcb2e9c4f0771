/** What an agent ships, kept in a file while it goes on to the collector: to be looked at again, by other detectors. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { decodeEnvelope, decodePayload, decodeSchema } from '@tarsier/protocol';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import type { StoredSamples } from '@tarsier/collector/detect';
import { freePort } from '../../test/support/processes.ts';

/** A fault that was made; times in Unix ms. */
export interface RecordedFault {
  readonly kind: string;
  readonly begin: number;
  readonly end: number;
}

/** One line of a recording. */
type Line =
  | { readonly batch: string }
  | { readonly fault: RecordedFault }
  /** What came before it was not to be judged. */
  | { readonly settledAt: number };

export interface Recorder {
  /** Where the agent ships to. */
  readonly url: string;
  note(line: Exclude<Line, { batch: string }>): void;
  close(): void;
}

/** Hands on all that is asked for, and writes down each batch that was taken. */
export async function startRecorder(collector: string, file: string): Promise<Recorder> {
  writeFileSync(file, '');
  const write = (line: Line): void => appendFileSync(file, `${JSON.stringify(line)}\n`);
  const handOn = (asked: IncomingMessage, answer: ServerResponse): void => {
    const parts: Buffer[] = [];
    asked.on('data', (part: Buffer) => parts.push(part));
    asked.on('end', () => {
      const body = Buffer.concat(parts);
      const { method, headers } = asked;
      const sent = request(new URL(asked.url ?? '/', collector), { method, headers }, (response) => {
        const isTaken = response.statusCode === 200 || response.statusCode === 204;
        if (asked.url === '/v1/ingest' && isTaken) write({ batch: body.toString('base64') });
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      sent.on('error', () => answer.writeHead(502).end());
      sent.end(body);
    });
  };
  const server = createServer(handOn);
  const port = await freePort();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    note: write,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface Recording {
  readonly batches: readonly StoredSamples[];
  readonly faults: readonly RecordedFault[];
  readonly settledAt: number;
}

/** @throws when the file is not one of {@link startRecorder} */
export function readRecording(file: string): Recording {
  const batches: StoredSamples[] = [];
  const faults: RecordedFault[] = [];
  let settledAt = 0;
  const read = createBatchReader();
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    if (text === '') continue;
    // Only `startRecorder` writes them.
    const line = JSON.parse(text) as Line;
    if ('batch' in line) batches.push(read(Buffer.from(line.batch, 'base64')));
    else if ('fault' in line) faults.push(line.fault);
    else ({ settledAt } = line);
  }
  return { batches, faults, settledAt };
}

/** Numbers series as a collector does, so that those that go on under another schema are the same. */
function createBatchReader(): (bytes: Uint8Array) => StoredSamples {
  const schemas = new Map<string, StoredSamples['schema']>();
  const numbers = new Map<string, number>();
  return (bytes) => {
    const { host, epoch, seq, schemaHash, schema: declared, payload } = decodeEnvelope(bytes);
    const key = Buffer.from(schemaHash).toString('hex');
    if (declared !== undefined && !schemas.has(key)) {
      const schema = decodeSchema(declared);
      const seriesIds = Int32Array.from(schema.series, ({ metric, labels }) => {
        const signature = `${schema.metrics[metric]?.name} ${JSON.stringify(labels)}`;
        const number = numbers.get(signature) ?? numbers.size + 1;
        numbers.set(signature, number);
        return number;
      });
      const scope = { tenantId: 1, tenant: 'default' };
      schemas.set(key, { scope, hostId: 1, host, hash: schemaHash, schema, seriesIds, agent: true });
    }
    const schema = schemas.get(key);
    if (schema === undefined) throw new Error(`recording: expected the schema ${key} before its first batch`);
    return { schema, epoch, seq, matrix: decodePayload(payload, zstdDecompress) };
  };
}
