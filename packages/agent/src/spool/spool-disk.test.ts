import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { schemaHash } from '@tarsier/protocol/zstd';
import { expect, onTestFinished, test } from 'vitest';
import type { Spool } from './contract.ts';
import { openSpool } from './spool.ts';
import { recordingLog, temporaryFolder } from '../testing.ts';

const schema = { hash: schemaHash(Buffer.from('s')), bytes: Buffer.from('s') };
const kilobyte = 1024;

/** A file system of 256 KiB of its own, where one may be mounted; else a folder of this one. */
async function smallDisk(): Promise<{ folder: string; isSmall: boolean; makeReadOnly(): Promise<void> }> {
  const folder = join(await temporaryFolder(), 'disk');
  await mkdir(folder);
  const run = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
  const isSmall = run('mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder);
  if (isSmall) onTestFinished(() => void run('umount', '-l', folder));
  return {
    folder,
    isSmall,
    async makeReadOnly() {
      if (isSmall) run('mount', '-o', 'remount,ro', folder);
      else await chmod(folder, 0o555);
      onTestFinished(() => chmod(folder, 0o755).catch(() => {}));
    },
  };
}

async function open(folder: string, maxBytes: number) {
  const { log, lines } = recordingLog();
  const spool = await openSpool({ folder, maxBytes, segmentBytes: 64 * kilobyte, maxAgeMs: Infinity, log });
  onTestFinished(() => spool.close());
  return { spool, lines };
}

async function drain(spool: Spool): Promise<number[]> {
  const seen: number[] = [];
  for (let batch = await spool.peek(); batch !== undefined; batch = await spool.peek()) {
    seen.push(batch.bytes[0] ?? -1);
    await spool.acknowledge(batch);
  }
  return seen.toSorted((a, b) => a - b);
}

test('a disk that fills up in the middle of a batch loses none: what does not fit waits in memory', async () => {
  const { folder, isSmall } = await smallDisk();
  const { spool, lines } = await open(folder, isSmall ? 1e9 : 200 * kilobyte);
  const batches = Array.from({ length: 40 }, (_, batch) => batch);
  const durable: boolean[] = [];
  for (const batch of batches) durable.push(await spool.append(Buffer.alloc(10_007, batch), schema, batch));
  if (isSmall) {
    expect(durable).toContain(false);
    expect(spool.stats.inMemory).toBeGreaterThan(5);
    expect(lines.filter((line) => line.includes('can not be written'))).toHaveLength(1);
    expect(await drain(spool)).toEqual(batches);
    // There is room again.
    expect(await spool.append(Buffer.alloc(10, 99), schema, 99)).toBe(true);
  } else {
    // No file system of its own: then the spool's own bound is what is met.
    expect(spool.stats.dropped).toBeGreaterThan(0);
    expect(spool.stats.waiting + spool.stats.dropped).toBe(40);
  }
});

test('what is sent from memory while the disk is full is in the account after a kill', async ({ skip }) => {
  const { folder, isSmall } = await smallDisk();
  if (!isSmall) skip('needs mount, which this user may not use');
  const { spool } = await open(folder, 1e9);
  await spool.append(Buffer.alloc(10, 1), schema, 1, 7);
  for (let batch = await spool.peek(); batch !== undefined; batch = await spool.peek()) await spool.acknowledge(batch);
  await writeFile(join(folder, 'filler'), Buffer.alloc(300 * kilobyte)).catch(() => {});
  expect(await spool.append(Buffer.alloc(20 * kilobyte, 2), schema, 2, 70)).toBe(false);
  const held = await spool.peek();
  if (held !== undefined) await spool.acknowledge(held);
  // As the folder is found by the next agent.
  const found = join(await temporaryFolder(), 'found');
  await cp(folder, found, { recursive: true, filter: (file) => !/\/(?:lock|filler)$/u.test(file) });
  const next = await open(found, 1e9);
  const [row] = next.spool.ledger.changes(0).rows;
  expect(row).toMatchObject({ hour: 0, taken: 77, sent: 77, dropped: {} });
});

test('a folder that has become read-only still gives what is in it; new batches wait in memory and are sent from there', async () => {
  const { folder, makeReadOnly } = await smallDisk();
  const first = await open(folder, 1e6);
  for (const batch of [1, 2]) await first.spool.append(Buffer.alloc(10, batch), schema, batch);
  const epoch = await first.spool.nextEpoch(1000);
  await first.spool.close();
  await makeReadOnly();
  const { spool, lines } = await open(folder, 1e6);
  expect(await spool.nextEpoch(1000)).toBeGreaterThan(epoch);
  const durable = await spool.append(Buffer.alloc(10, 3), schema, 3);
  // The superuser of a host without mounts may write all the same.
  expect(durable).toBe(spool.stats.inMemory === 0);
  if (!durable) expect(lines.filter((line) => line.includes('can not be written'))).toHaveLength(1);
  expect(await drain(spool)).toEqual([1, 2, 3]);
});
