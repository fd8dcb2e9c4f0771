import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeEnvelope, encodePayload, encodeSchema } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../log.ts';
import { dropSpool, inspectSpool, verifySpool } from './inspect.ts';
import { segmentFile } from './files.ts';
import { openSpool } from './spool.ts';

const schemaBytes = encodeSchema({
  metrics: [{ name: 'm', kind: 'gauge', unit: '', help: 'M.' }],
  series: [{ metric: 0, labels: {} }],
});
const schema = { bytes: schemaBytes, hash: schemaHash(schemaBytes) };

function batch(seq: number): Uint8Array {
  const times = Float64Array.of(1000 * seq + 1000);
  const payload = encodePayload({ times, width: 1, values: Float64Array.of(seq) }, zstdCompress);
  const [time = 0] = times;
  return encodeEnvelope({ host: 'h', epoch: 1, seq, schemaHash: schema.hash, t0: time, t1: time, rows: 1, payload });
}

async function spoolOfThree() {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-inspect-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const log = createLog({ level: 'error', format: 'text', write() {} });
  const spool = await openSpool({ folder, maxBytes: 1e6, now: () => 5000, log });
  await spool.nextEpoch(500);
  for (let seq = 0; seq < 3; seq++) await spool.append(batch(seq), schema, 1000 * seq + 1000);
  return { folder, spool };
}

test('a spool tells what waits in it, also while an agent works with it', async () => {
  const { folder, spool } = await spoolOfThree();
  const newest = await spool.peek();
  if (newest !== undefined) await spool.acknowledge(newest);
  await spool.keepRefused(batch(9), { status: 400, text: 'no' });
  expect(await inspectSpool(folder)).toMatchObject({
    batches: 3,
    waiting: 2,
    oldest: 1000,
    newest: 2000,
    epoch: 500,
    segments: [{ batches: 3, waiting: 2, damaged: 0, torn: 0 }],
    refused: { status: 400, text: 'no' },
  });
  expect(await verifySpool(folder)).toEqual([]);
  await spool.close();
});

test('damage and half a record are found, each at its place', async () => {
  const { folder, spool } = await spoolOfThree();
  await spool.close();
  const file = segmentFile(folder, 1);
  const bytes = await readFile(file);
  const second = bytes.indexOf('TSRk', bytes.indexOf('TSRk', 1) + 1);
  bytes[second + 20] = (bytes[second + 20] ?? 0) ^ 1;
  await writeFile(file, bytes);
  await appendFile(file, 'TSRk');
  expect((await inspectSpool(folder)).segments).toMatchObject([{ batches: 2, damaged: 1, torn: 4 }]);
  expect(await verifySpool(folder)).toEqual([
    { file, offset: second, what: expect.stringMatching(/^\d+ bytes that are no record$/u) },
    { file, offset: bytes.length, what: 'half a record of 4 bytes, as a crash leaves it' },
  ]);
});

test('a spool is emptied only while no agent works with it, and its epoch stays', async () => {
  const { folder, spool } = await spoolOfThree();
  await expect(dropSpool(folder)).rejects.toMatchObject({ code: 'spool/in-use' });
  await spool.close();
  expect(await dropSpool(folder)).toBe(3);
  expect(await inspectSpool(folder)).toMatchObject({ bytes: 0, batches: 0, waiting: 0, epoch: 500, segments: [] });
});
