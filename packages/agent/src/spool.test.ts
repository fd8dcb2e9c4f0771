import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schemaHash } from '@tarsier/protocol/zstd';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from './log.ts';
import { openSpool, type Spool } from './spool.ts';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const schemaOne = { hash: schemaHash(Buffer.from('schema one')), bytes: Buffer.from('schema one') };

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-spool-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function open(folder: string, { maxBytes = 1e6, segmentBytes = 1e5 } = {}) {
  const logged: string[] = [];
  const log = createLog({ level: 'debug', format: 'text', write: (line) => logged.push(line) });
  const spool = await openSpool({ folder, maxBytes, segmentBytes, log });
  onTestFinished(() => spool.close());
  return { spool, logged };
}

/** Everything that would be sent, in order; acknowledged as it goes. */
async function drain(spool: Spool): Promise<string[]> {
  const seen: string[] = [];
  for (let batch = await spool.peek(); batch !== undefined; batch = await spool.peek()) {
    seen.push(text(batch.bytes));
    await spool.acknowledge(batch);
  }
  return seen;
}

test('what was spooled before a crash is sent after it, in order, and only what was not taken yet', async () => {
  const folder = await newFolder();
  const { spool } = await open(folder);
  for (const batch of ['a', 'b', 'c']) expect(await spool.append(Buffer.from(batch), schemaOne)).toBe(true);
  const first = await spool.peek();
  expect(text(first?.bytes)).toBe('a');
  if (first !== undefined) await spool.acknowledge(first);
  // No close: the process is gone.
  const again = await open(folder);
  expect(await drain(again.spool)).toEqual(['b', 'c']);
  expect(text(again.spool.schemaOf(schemaOne.hash))).toBe('schema one');
  expect(await drain((await open(folder)).spool)).toEqual([]);
});

test('a spool that is cut anywhere gives the whole batches before the cut, and takes new ones', async () => {
  const folder = await newFolder();
  const { spool } = await open(folder);
  const batches = ['first', 'second batch', 'third', 'a fourth one'];
  for (const batch of batches) await spool.append(Buffer.from(batch), schemaOne);
  await spool.close();
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.segment'));
  const whole = await readFile(join(folder, name));
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), async (length) => {
      const cut = await newFolder();
      await writeFile(join(cut, name), whole.subarray(0, length));
      const repaired = (await open(cut)).spool;
      await repaired.append(Buffer.from('new'), schemaOne);
      const seen = await drain(repaired);
      await repaired.close();
      expect(seen.at(-1)).toBe('new');
      expect(batches.slice(0, seen.length - 1)).toEqual(seen.slice(0, -1));
    }),
    { numRuns: 60 },
  );
});

test('a changed byte never comes out as a batch', async () => {
  const folder = await newFolder();
  const { spool } = await open(folder);
  await spool.append(Buffer.from('payload'), schemaOne);
  await spool.close();
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.segment'));
  const bytes = await readFile(join(folder, name));
  bytes.write('X', bytes.length - 3);
  await writeFile(join(folder, name), bytes);
  expect(await drain((await open(folder)).spool)).toEqual([]);
});

test('a full spool drops its oldest batches, counts and logs them, and keeps the schema of the others', async () => {
  const folder = await newFolder();
  const { spool, logged } = await open(folder, { maxBytes: 4000, segmentBytes: 1000 });
  for (let batch = 0; batch < 100; batch++) await spool.append(Buffer.alloc(100, batch), schemaOne);
  expect(spool.stats.bytes).toBeLessThanOrEqual(4000);
  const again = await open(folder, { maxBytes: 4000, segmentBytes: 1000 });
  expect(text(again.spool.schemaOf(schemaOne.hash))).toBe('schema one');
  const left = await drain(again.spool);
  expect(left.length + spool.stats.dropped).toBe(100);
  expect(left.at(-1)).toBe(text(Buffer.alloc(100, 99)));
  expect(logged.filter((line) => line.includes('the spool is full')).length).toBeGreaterThan(0);
});

test('segments that were taken are deleted: a spool does not grow while the collector is there', async () => {
  const folder = await newFolder();
  const { spool } = await open(folder, { segmentBytes: 500 });
  for (let batch = 0; batch < 50; batch++) {
    await spool.append(Buffer.alloc(100), schemaOne);
    await drain(spool);
  }
  expect((await readdir(folder)).filter((name) => name.endsWith('.segment')).length).toBeLessThanOrEqual(2);
  expect(spool.stats.dropped).toBe(0);
});

test('while the disk takes nothing batches wait in memory, and go to disk again after', async () => {
  const folder = await newFolder();
  const { spool, logged } = await open(folder);
  await rm(folder, { recursive: true });
  expect(await spool.append(Buffer.from('in memory'), schemaOne)).toBe(false);
  expect(await spool.append(Buffer.from('too'), schemaOne)).toBe(false);
  expect(logged.filter((line) => line.includes('can not be written'))).toHaveLength(1);
  const batch = await spool.peek();
  expect(text(batch?.bytes)).toBe('in memory');
});

test('an epoch is never used twice, even when the clock was set back', async () => {
  const folder = await newFolder();
  expect(await (await open(folder)).spool.nextEpoch(1000)).toBe(1000);
  expect(await (await open(folder)).spool.nextEpoch(400)).toBe(1001);
  expect(await (await open(folder)).spool.nextEpoch(5000)).toBe(5000);
});
