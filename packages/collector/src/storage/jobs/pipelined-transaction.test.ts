import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect, type Database } from '../database.ts';
import { createTestStorage, type TestStorage } from '../testing.ts';

let db: TestStorage;
let database: Database;
beforeAll(async () => {
  db = await createTestStorage();
  database = connect({ ...inject('testServer'), database: new URL(db.url).pathname.slice(1) });
  await db.sql`create table written (nth int)`;
  await db.sql`grant all on written to public`;
});
afterAll(async () => {
  await database.close();
  await db.drop();
});

test('that a transaction is on the disk is asked for once it has committed', async () => {
  const { result: pid, onDisk } = await database.jobs.claims.transaction('select 1', async (tx, commitWith) => {
    const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
    await commitWith({ name: 'one', send: () => tx`insert into written values (1)`.execute() });
    return row?.pid ?? 0;
  });
  await onDisk;
  const [last] = await db.sql`select query, state from pg_stat_activity where pid = ${pid}`;
  expect(last).toEqual({ query: expect.stringContaining('pg_logical_emit_message'), state: 'idle' });
});

test('all that a transaction does is taken back where it fails, its first statement, too', async () => {
  const failing = database.jobs.claims.transaction('select 1', async (tx) => {
    await tx`insert into written values (2)`;
    throw new Error('not wanted');
  });
  await expect(failing).rejects.toThrow('not wanted');
  expect(await db.sql`select nth from written where nth = 2`).toEqual([]);
});
