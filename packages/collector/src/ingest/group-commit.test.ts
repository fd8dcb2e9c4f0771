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
    maxWaitingBytes: 160,
  });
  // The first two of a queue go together; two statements of those on time run, and one of late ones.
  const running = [1, 2, 3, -1, -2].map((t1) => commits.commit(batchOf(t1)));
  const waiting = [4, -3, 5, 6].map((t1) => commits.commit(batchOf(t1)));
  for (const t1 of [7, -4]) {
    await expect(commits.commit(batchOf(t1))).rejects.toMatchObject({
      code: 'ingest/busy',
      retryable: true,
      message: '4 batches wait to be stored; send it again later',
    });
  }
  answerAll('new');
  expect(new Set(await Promise.all([...running, ...waiting]))).toEqual(new Set(['new']));
  expect(await Promise.all([commits.commit(batchOf(7)), commits.commit(batchOf(-4))])).toEqual(['new', 'new']);
  await commits.drain();
});

test('late batches that wait leave room for those on time, also where these grow late', async () => {
  const { promise: answer, resolve: answerAll } = Promise.withResolvers<Inserted>();
  let lateBefore = 0;
  const commits = createGroupCommit({
    insert: async (batches) => {
      const inserted = await answer;
      return batches.map(() => inserted);
    },
    isLate: ({ t1 }) => t1 < lateBefore,
    maxWaitingBytes: 200,
  });
  const running = [1, -1].map((t1) => commits.commit(batchOf(t1)));
  await turn();
  running.push(commits.commit(batchOf(2)), commits.commit(batchOf(-2)), commits.commit(batchOf(-3)));
  await expect(commits.commit(batchOf(-4))).rejects.toMatchObject({ code: 'ingest/busy' });
  const onTime = [3, 4, 5].map((t1) => commits.commit(batchOf(t1)));
  lateBefore = 4;
  const grown = expect(onTime[0]).rejects.toMatchObject({ code: 'ingest/busy' });
  await expect(commits.commit(batchOf(6))).rejects.toMatchObject({ code: 'ingest/busy' });
  answerAll('new');
  await grown;
  expect(new Set(await Promise.all([...running, ...onTime.slice(1)]))).toEqual(new Set(['new']));
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
