/** The account of an agent that is killed at any moment: each sample is sent, dropped for a reason, or still waiting. */
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Spool } from '../spool/contract.ts';
import { segmentFile, segmentIds, spoolFiles } from '../spool/files.ts';
import { openSpool } from '../spool/spool.ts';
import { makeBatch, recordingLog, temporaryFolder, type MadeBatch } from '../testing.ts';
import { hourMs, samplesOf } from './book.ts';

const rows = 4;
const samplesOfOne = (width: number): number => rows * width;

interface Sums {
  readonly taken: number;
  readonly sent: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly crashes: number;
}

function sumsOf({ ledger }: Spool): Sums {
  const all = ledger.changes(0).rows;
  const dropped: Record<string, number> = {};
  for (const row of all)
    for (const [reason, samples] of Object.entries(row.dropped)) dropped[reason] = (dropped[reason] ?? 0) + samples;
  const sum = (of: (row: (typeof all)[number]) => number): number => all.reduce((total, row) => total + of(row), 0);
  return { taken: sum((row) => row.taken), sent: sum((row) => row.sent), crashes: sum((row) => row.crashes), dropped };
}

/** A spool in a folder that can be killed: what is on disk at that moment goes on in another folder. */
async function startSpool({ maxBytes = 1e6, maxAgeMs = Infinity, segmentBytes = 600 } = {}) {
  const { log } = recordingLog();
  let folder = await temporaryFolder();
  const time = { now: 0 };
  const open = (): Promise<Spool> => openSpool({ folder, maxBytes, maxAgeMs, segmentBytes, now: () => time.now, log });
  let spool = await open();
  return {
    time,
    get folder() {
      return folder;
    },
    get spool() {
      return spool;
    },
    async kill(): Promise<void> {
      const next = await temporaryFolder();
      for (const name of await readdir(folder))
        if (/\.segment$|^sent$|^epoch$/u.test(name)) await copyFile(`${folder}/${name}`, `${next}/${name}`);
      await spool.close();
      folder = next;
      spool = await open();
    },
    async reopen(): Promise<void> {
      await spool.close();
      spool = await open();
    },
    append: ({ bytes, schema, time: last }: MadeBatch) => spool.append(bytes, schema, last),
    close: () => spool.close(),
  };
}

/** Samples that wait in the spool, counted there. */
async function waitingIn(spool: Spool): Promise<number> {
  let samples = 0;
  for (let batch = await spool.peek(); batch !== undefined; batch = await spool.peek()) {
    samples += samplesOf(batch.bytes);
    await spool.acknowledge(batch);
  }
  return samples;
}

test('whatever an agent does, and whenever it is killed, each sample is sent, dropped or waiting', async () => {
  const op = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('append' as const), width: fc.integer({ min: 1, max: 9 }) }),
    },
    { weight: 4, arbitrary: fc.constant({ kind: 'send' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'refuse' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'refuse part' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'kill' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'stop' as const }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 40 }), async (ops) => {
      const one = await startSpool({ maxBytes: 2_500 });
      const model = { taken: 0, sent: 0, refused: 0, kills: 0, seq: 0 };
      for (const { kind, ...rest } of ops) {
        if (kind === 'append') {
          const width = 'width' in rest ? rest.width : 1;
          await one.append(makeBatch({ seq: model.seq++, rows, width }));
          model.taken += samplesOfOne(width);
        } else if (kind === 'kill') {
          await one.kill();
          model.kills++;
        } else if (kind === 'stop') await one.reopen();
        else {
          const batch = await one.spool.peek();
          if (batch === undefined) continue;
          const samples = samplesOf(batch.bytes);
          const refused = kind === 'send' ? 0 : kind === 'refuse' ? samples : 1;
          await one.spool.acknowledge(
            batch,
            kind === 'refuse' ? { all: 'ingest/x' } : refused === 0 ? [] : [{ reason: 'ingest/x', samples: refused }],
          );
          model.sent += samples - refused;
          model.refused += refused;
        }
      }
      const { taken, sent, dropped, crashes } = sumsOf(one.spool);
      expect([taken, sent, dropped['ingest/x'] ?? 0, crashes]).toEqual([
        model.taken,
        model.sent,
        model.refused,
        model.kills,
      ]);
      const given = Object.values(dropped).reduce((sum, samples) => sum + samples, 0);
      expect(await waitingIn(one.spool)).toBe(taken - sent - given);
      expect(Object.keys(dropped).filter((reason) => !['ingest/x', 'spool/full'].includes(reason))).toEqual([]);
      await one.close();
    }),
    { numRuns: 40 },
  );
});

test('a part of the spool that is deleted by hand is missed at the next start', async () => {
  const one = await startSpool();
  for (let seq = 0; seq < 12; seq++) await one.append(makeBatch({ seq, rows, width: 5 }));
  await one.spool.close();
  const [first = 0] = await segmentIds(one.folder);
  await rm(segmentFile(one.folder, first));
  await one.reopen();
  const { taken, sent, dropped } = sumsOf(one.spool);
  expect([taken, sent]).toEqual([12 * samplesOfOne(5), 0]);
  const lost = dropped['spool/lost'] ?? 0;
  expect(lost).toBeGreaterThan(0);
  expect(await waitingIn(one.spool)).toBe(taken - lost);
  await one.close();
});

test('a spool of an agent that kept no account yet begins one: what was sent by then was neither taken nor lost', async () => {
  const life = await startSpool();
  for (let seq = 0; seq < 6; seq++) await life.append(makeBatch({ seq, rows }));
  // The newest and the oldest ones: their segment has others that wait.
  for (let sent = 0; sent < 3; sent++) {
    const batch = await life.spool.peek();
    if (batch !== undefined) await life.spool.acknowledge(batch);
  }
  const file = `${life.folder}/${spoolFiles.progress}`;
  const progress = await readFile(file, 'utf8');
  await writeFile(file, progress.replace(/^ledger .*\n/mu, ''));
  await life.kill();
  const { taken, sent, dropped } = sumsOf(life.spool);
  const waiting = await waitingIn(life.spool);
  expect(waiting).toBeGreaterThan(0);
  expect({ taken, sent, dropped }).toEqual({ taken: waiting, sent: 0, dropped: {} });
  await life.close();
});

test('batches that grow too old are dropped as such, and one that arrives after all counts as sent', async () => {
  const one = await startSpool({ maxAgeMs: 2 * hourMs, segmentBytes: 100_000 });
  await one.append(makeBatch({ seq: 0, rows, width: 2 }));
  await one.append(makeBatch({ seq: 1, rows, width: 3 }));
  const newest = await one.spool.peek();
  if (newest !== undefined) await one.spool.acknowledge(newest);
  const underway = await one.spool.peek();
  one.time.now = 3 * hourMs;
  expect(await one.spool.peek()).toBeUndefined();
  expect(sumsOf(one.spool)).toMatchObject({ taken: 20, sent: 12, dropped: { 'spool/too-old': 8 } });
  if (underway !== undefined) await one.spool.acknowledge(underway);
  expect(sumsOf(one.spool)).toMatchObject({ taken: 20, sent: 20, dropped: { 'spool/too-old': 0 } });
  await one.close();
});
