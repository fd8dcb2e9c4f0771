import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Inserted, NewBatch } from '../storage/batches.ts';
import { createGroupCommit } from './group-commit.ts';

const batchOf = (t1: number): NewBatch => ({
  scope: { tenantId: 1, tenant: 'default' },
  hostId: 1,
  epoch: 1,
  seq: t1,
  t0: t1,
  t1,
  rows: 1,
  schemaHash: new Uint8Array(16),
  payload: new Uint8Array(40),
});

test('batches on time and late ones wait within one limit, and a refusal counts all of them', async () => {
  const { promise: answer, resolve: answerAll } = Promise.withResolvers<Inserted>();
  const commits = createGroupCommit({
    insert: async (batches) => {
      const inserted = await answer;
      return batches.map(() => inserted);
    },
    isLate: ({ t1 }) => t1 < 0,
    maxWaitingBytes: 100,
  });
  // The first two of a queue go together; two statements of those on time run, and one of late ones.
  const running = [1, 2, 3, -1, -2].map((t1) => commits.commit(batchOf(t1)));
  const waiting = [4, -3].map((t1) => commits.commit(batchOf(t1)));
  for (const t1 of [5, -4]) {
    await expect(commits.commit(batchOf(t1))).rejects.toMatchObject({
      code: 'ingest/busy',
      retryable: true,
      message: '2 batches wait to be stored; send it again later',
    });
  }
  answerAll('new');
  expect(new Set(await Promise.all([...running, ...waiting]))).toEqual(new Set(['new']));
  expect(await Promise.all([commits.commit(batchOf(5)), commits.commit(batchOf(-4))])).toEqual(['new', 'new']);
  await commits.drain();
});

test('all is stored when it has drained: what no statement has taken yet, and what grows late on the way', async () => {
  const stored: number[] = [];
  let lateBefore = 0;
  const commits = createGroupCommit({
    insert: async (batches) => {
      await turn();
      stored.push(...batches.map(({ t1 }) => t1));
      return batches.map(() => 'new');
    },
    isLate: ({ t1 }) => t1 < lateBefore,
  });
  void commits.commit(batchOf(1));
  await commits.drain();
  expect(stored).toEqual([1]);
  void commits.commit(batchOf(2));
  lateBefore = 3;
  await commits.drain();
  expect(stored).toEqual([1, 2]);
});
