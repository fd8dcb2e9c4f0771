import { cp, mkdtemp, open as openFile, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schemaHash } from '@tarsier/protocol/zstd';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../log.ts';
import { segmentFile } from './files.ts';
import type { Spool } from './contract.ts';
import { openSpool } from './spool.ts';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const schemaNamed = (name: string) => ({ hash: schemaHash(Buffer.from(name)), bytes: Buffer.from(name) });
const schemaOne = schemaNamed('schema one');

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-spool-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The folder as a killed agent leaves it. */
async function crashed(folder: string): Promise<string> {
  const copy = await newFolder();
  await cp(folder, copy, { recursive: true, filter: (path) => !path.endsWith('lock') });
  return copy;
}

async function open(folder: string, { maxBytes = 1e6, segmentBytes = 1e5, maxAgeMs = 1e9, now = 0 } = {}) {
  const logged: string[] = [];
  const time = { now };
  const log = createLog({ level: 'debug', format: 'text', write: (line) => logged.push(line) });
  const spool = await openSpool({ folder, maxBytes, segmentBytes, maxAgeMs, now: () => time.now, log });
  onTestFinished(() => spool.close());
  const append = (batch: string | Uint8Array, at = 0): Promise<boolean> =>
    spool.append(Buffer.from(batch), schemaOne, at);
  return { spool, append, logged, time };
}

/** Everything that would be sent, in order; acknowledged as it goes. */
async function drain(spool: Spool, most = Infinity): Promise<string[]> {
  const seen: string[] = [];
  for (let batch = await spool.peek(); batch !== undefined && seen.length < most; batch = await spool.peek()) {
    seen.push(text(batch.bytes));
    await spool.acknowledge(batch);
  }
  return seen;
}

async function onlySegment(folder: string): Promise<string> {
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.segment'));
  return join(folder, name);
}

test('what was spooled before a crash is sent after it, oldest first, and only what was not taken yet', async () => {
  const folder = await newFolder();
  const { spool, append } = await open(folder);
  for (const batch of ['a', 'b', 'c']) expect(await append(batch)).toBe(true);
  expect(await drain(spool, 1)).toEqual(['c']);
  const again = await open(await crashed(folder));
  expect(again.spool.stats.waiting).toBe(2);
  expect(text(await again.spool.schemaOf(schemaOne.hash))).toBe('schema one');
  expect(await drain(again.spool, 1)).toEqual(['a']);
  await again.append('d');
  expect(await drain(again.spool)).toEqual(['d', 'b']);
  expect(again.spool.stats).toMatchObject({ waiting: 0, oldest: undefined, dropped: 0, damaged: 0 });
});

test('after an outage the newest batch goes first, then the oldest ones, until there is a newer one', async () => {
  const { spool, append } = await open(await newFolder(), { segmentBytes: 300 });
  for (let batch = 0; batch < 10; batch++) await append(`old ${batch}`, batch);
  expect(await drain(spool, 3)).toEqual(['old 9', 'old 0', 'old 1']);
  await append('fresh', 100);
  // It could not be sent: it still goes first, or what is newer then.
  expect(text((await spool.peek())?.bytes)).toBe('fresh');
  await append('fresher', 101);
  expect(spool.stats.oldest).toBe(2);
  expect(await drain(spool)).toEqual(['fresher', ...[2, 3, 4, 5, 6, 7, 8].map((one) => `old ${one}`), 'fresh']);
});

test('a spool that is cut anywhere gives the whole batches before the cut, and takes new ones', async () => {
  const folder = await newFolder();
  const { append } = await open(folder);
  const batches = ['first', 'second batch', 'third', 'a fourth one'];
  for (const batch of batches) await append(batch);
  const whole = await readFile(await onlySegment(folder));
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.boolean(), async (length, zeros) => {
      const cut = await newFolder();
      const tail = zeros ? Buffer.alloc(whole.length - length) : Buffer.alloc(0);
      await writeFile(segmentFile(cut, 1), Buffer.concat([whole.subarray(0, length), tail]));
      const repaired = await open(cut);
      expect(repaired.spool.stats.damaged).toBe(0);
      await repaired.append('new');
      const [newest, ...seen] = await drain(repaired.spool);
      await repaired.spool.close();
      expect(newest).toBe('new');
      expect(batches.slice(0, seen.length)).toEqual(seen);
    }),
    { numRuns: 60 },
  );
});

test('a damaged byte costs the record that it is in, which is counted, and no other one', async () => {
  const folder = await newFolder();
  const { append } = await open(folder);
  const batches = ['first', 'second batch', 'third', 'a fourth one'];
  for (const batch of batches) await append(batch);
  const whole = await readFile(await onlySegment(folder));
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), async (at) => {
      const copy = await newFolder();
      const bytes = Uint8Array.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      await writeFile(segmentFile(copy, 1), bytes);
      const { spool } = await open(copy);
      const seen = await drain(spool);
      await spool.close();
      expect(batches.filter((batch) => seen.includes(batch))).toEqual(seen);
      // The first record is the schema.
      expect(seen.length).toBeGreaterThanOrEqual(batches.length - 1);
    }),
    { numRuns: 80 },
  );
});

test('a batch that goes bad on the disk while the agent runs is left out and counted', async () => {
  const folder = await newFolder();
  const { spool, append, logged } = await open(folder);
  for (const batch of ['first', 'second', 'third']) await append(batch);
  const file = await openFile(await onlySegment(folder), 'r+');
  const at = (await readFile(await onlySegment(folder))).indexOf('second');
  await file.write('X', at);
  await file.close();
  expect(await drain(spool)).toEqual(['third', 'first']);
  expect(spool.stats.damaged).toBe(1);
  expect(logged.filter((line) => line.includes('can not be read back'))).toHaveLength(1);
});

test('a full spool drops its oldest batches, counts and logs them, and keeps the schemas of the others', async () => {
  const folder = await newFolder();
  const { spool, logged } = await open(folder, { maxBytes: 4000, segmentBytes: 1000 });
  const schemas = [schemaOne, schemaNamed('schema two')];
  for (let batch = 0; batch < 100; batch++)
    await spool.append(Buffer.alloc(100, batch), schemas[batch % 2] ?? schemaOne, batch);
  expect(spool.stats.bytes).toBeLessThanOrEqual(4000);
  const again = await open(await crashed(folder), { maxBytes: 4000, segmentBytes: 1000 });
  for (const { hash, bytes } of schemas) expect(await again.spool.schemaOf(hash)).toEqual(bytes);
  const left = await drain(again.spool);
  expect(left.length + spool.stats.dropped).toBe(100);
  expect(left.at(-1)).toBe(text(Buffer.alloc(100, 99)));
  expect(logged.filter((line) => line.includes('the spool is full')).length).toBeGreaterThan(0);
});

test('batches that the collector would refuse for their age are dropped and counted', async () => {
  const { spool, append, time } = await open(await newFolder(), { segmentBytes: 300, maxAgeMs: 1000 });
  for (let batch = 0; batch < 20; batch++) await append(`batch ${batch}`, batch * 100);
  time.now = 2500;
  expect(await drain(spool)).toEqual(['batch 19', 'batch 15', 'batch 16', 'batch 17', 'batch 18']);
  expect(spool.stats.dropped).toBe(15);
});

test('segments that were taken are deleted: a spool does not grow while the collector is there', async () => {
  const folder = await newFolder();
  const { spool, append } = await open(folder, { segmentBytes: 500 });
  for (let batch = 0; batch < 50; batch++) {
    await append(Buffer.alloc(100));
    await drain(spool);
  }
  expect((await readdir(folder)).filter((name) => name.endsWith('.segment')).length).toBeLessThanOrEqual(2);
  expect(spool.stats.dropped).toBe(0);
});

test('what was done in a deleted segment never passes for done in a later one', async () => {
  const folder = await newFolder();
  const { spool, append } = await open(folder);
  for (const batch of ['a', 'b']) await append(batch);
  await drain(spool);
  const copy = await crashed(folder);
  await rm(await onlySegment(copy));
  const again = await open(copy);
  for (const batch of ['c', 'd']) await again.append(batch);
  expect(await drain((await open(await crashed(copy))).spool)).toEqual(['c', 'd']);
});

test('while the disk is full batches wait in memory, are sent from there, and go to disk once there is room', async () => {
  const folder = await newFolder();
  const { spool, append, logged } = await open(folder);
  // Whatever is written to this device meets a full disk.
  for (const id of [1, 2, 3]) await symlink('/dev/full', segmentFile(folder, id));
  for (const batch of ['a', 'b', 'c']) expect(await append(batch)).toBe(false);
  expect(spool.stats).toMatchObject({ inMemory: 3, waiting: 3 });
  expect(await drain(spool, 1)).toEqual(['c']);
  for (const id of [1, 2, 3]) await rm(segmentFile(folder, id), { force: true });
  expect(await append('d')).toBe(true);
  expect(spool.stats).toMatchObject({ inMemory: 0, waiting: 3 });
  expect(await drain((await open(await crashed(folder))).spool)).toEqual(['a', 'b', 'd']);
  expect(await drain(spool)).toEqual(['d', 'a', 'b']);
  expect(logged.filter((line) => line.includes('can not be written'))).toHaveLength(1);
  expect(logged.filter((line) => line.includes('can be written again'))).toHaveLength(1);
});

test('what waits in memory is bounded; the oldest go first, and are counted', async () => {
  const folder = await newFolder();
  const { spool, append } = await open(folder);
  for (let id = 1; id < 60; id++) await symlink('/dev/full', segmentFile(folder, id));
  const megabyte = Buffer.alloc(1024 * 1024);
  for (let batch = 0; batch < 10; batch++) await append(megabyte);
  expect(spool.stats).toMatchObject({ inMemory: 4, waiting: 4, dropped: 6 });
});

test('an epoch is never used twice, even when the clock was set back', async () => {
  const folder = await newFolder();
  const epochs: number[] = [];
  for (const now of [1000, 400, 5000]) {
    const { spool } = await open(folder);
    epochs.push(await spool.nextEpoch(now));
    await spool.close();
  }
  expect(epochs).toEqual([1000, 1001, 5000]);
});

test('that a batch is sent in halves is known after a crash as well, as long as the batch is there', async () => {
  const folder = await newFolder();
  const { spool, append } = await open(folder, { segmentBytes: 200 });
  await append('too large');
  await append(Buffer.alloc(300));
  await spool.noteSplit('7/0', 'rows');
  const again = await open(await crashed(folder), { segmentBytes: 200 });
  expect([again.spool.splitOf('7/0'), again.spool.splitOf('7/1')]).toEqual(['rows', undefined]);
});

test('a second agent on the same folder is refused with a sentence, until the first one has ended or was killed', async () => {
  const folder = await newFolder();
  const { spool } = await open(folder);
  await expect(open(folder)).rejects.toThrow(/^spool: expected a folder of its own, but another agent works with /u);
  await spool.close();
  const second = await open(folder);
  await second.spool.close();
  // A killed one leaves its socket behind, which nobody listens on.
  const { spawnSync } = await import('node:child_process');
  const leave = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', leave, join(folder, 'lock')]);
  expect(await readdir(folder)).toContain('lock');
  const third = await open(folder);
  expect(await third.append('works')).toBe(true);
});

test('a folder that can not be made is told by the name of the setting', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'file'), '');
  await expect(open(join(folder, 'file', 'spool'))).rejects.toMatchObject({ code: 'spool/folder', field: 'spool' });
});

// Only Linux has /proc, which says of each new folder that there is no such one.
if (process.platform === 'linux')
  test('a spool below /proc is refused, and not tried for ever', async () => {
    await expect(open('/proc/tarsier/spool')).rejects.toThrow('can be made, got "/proc/tarsier/spool"');
  });
