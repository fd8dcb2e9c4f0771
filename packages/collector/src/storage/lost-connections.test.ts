/** Connections that are cut at any time, while all that the storage does with one is being done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql as fragment } from 'drizzle-orm';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TenantScope } from '../tenant.ts';
import { connect, type Database } from './database.ts';
import { createTestStorage, type TestStorage } from './testing.ts';

const cuts = 100;
let db: TestStorage;
let database: Database;
let scope: TenantScope;
let pairs = 0;
let isOver = false;
beforeAll(async () => {
  db = await createTestStorage();
  database = connect({ ...inject('testServer'), database: new URL(db.url).pathname.slice(1) });
  scope = await db.storage.tenants.ensure('default');
  await db.sql`create table written (pair int)`;
  await db.sql`grant all on written to public`;
});
afterAll(async () => {
  await database.close();
  await db.drop();
});

/** As long as work between two statements may take. */
const pause = () => sleep(Math.random() * 4);

/** Writes both of a pair in one transaction, or is cut. */
async function writePair(write: (pair: number) => Promise<unknown>): Promise<void> {
  const pair = ++pairs;
  await write(pair);
  await pause();
  await write(pair);
}

/** Each is done over and over, and ends as it should or because its connection was lost. */
const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
  async 'a statement has its own answer'() {
    const given = Math.random();
    const [row] = await database.system.sql<{ given: number }[]>`select ${given}::float8 as given`;
    expect(row?.given).toBe(given);
  },
  async 'many statements at once'() {
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    const rows = await Promise.all(numbers.map((n) => database.system.sql<{ n: number }[]>`select ${n}::int as n`));
    expect(rows.flat()).toEqual(numbers.map((n) => ({ n })));
  },
  async 'statements of changing tenants'() {
    const tenantId = Math.ceil(Math.random() * 9);
    const rows = await database.run({ tenantId }, (sql) => sql`select ${['a', 'b']}::text[] as list`);
    expect(rows).toEqual([{ list: ['a', 'b'] }]);
  },
  async 'one page of rows after the other'() {
    let rows = 0;
    for await (const page of database.reads.stream(scope, 10, (sql) => sql`select generate_series(1, 50)`)) {
      rows += page.length;
      await pause();
    }
    expect(rows).toBe(50);
  },
  async 'a statement that nobody waits for any more'() {
    const leaving = new AbortController();
    const answer = database.reads.run(scope, (sql) => sql`select pg_sleep(5)`, leaving.signal);
    await Promise.race([answer, pause()]);
    leaving.abort(new Error('57P01: gone'));
    await answer;
  },
  'a transaction': () => database.begin(scope, (tx) => writePair((pair) => tx`insert into written values (${pair})`)),
  'a transaction of several at once': () =>
    database.system.sql.begin(async (tx) => {
      const pair = ++pairs;
      await tx`select 1`;
      await pause();
      await Promise.all([tx`insert into written values (${pair})`, tx`insert into written values (${pair})`]);
    }),
  'a transaction by the builder': () =>
    database.within(scope, (tx) => writePair((pair) => tx.execute(fragment`insert into written values (${pair})`))),
  'a change': () =>
    database.change(scope, 'written', (inner) =>
      writePair((pair) => database.run(inner, (sql) => sql`insert into written values (${pair})`)),
    ),
  async 'a pipelined transaction'() {
    const { onDisk } = await database.jobs.claims.transaction('select 1', async (tx, commitWith) => {
      const pair = ++pairs;
      await tx`insert into written values (${pair})`;
      await pause();
      await commitWith({ name: 'pair', send: () => tx`insert into written values (${pair})`.execute() });
    });
    await onDisk;
  },
  'a statement that is seen early': () =>
    database.runEarly(
      scope,
      (sql, early) => sql`
        with written_both as (insert into written select ${++pairs} from generate_series(1, 2)) select ${early}`,
      () => {},
    ),
  'a transaction that is taken back': () =>
    database.begin(scope, async (tx) => {
      await tx`insert into written values (0)`;
      await pause();
      throw new Error('57P01: not wanted');
    }),
};

/** @returns what it ended with that a lost connection does not explain */
async function repeat(deed: () => Promise<unknown>): Promise<readonly string[]> {
  const unexplained: string[] = [];
  while (!isOver) {
    await deed().catch((error: unknown) => {
      const why = explain(error);
      if (!/57P01|CONNECTION_CLOSED|ECONNRESET|EPIPE/u.test(why)) unexplained.push(why);
    });
    await pause();
  }
  return unexplained;
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.message, 'code' in error ? error.code : '', explain(error.cause)].join(' ');
}

test('what loses its connection at any step says so: nothing hangs, is half done, or ends the process', async () => {
  const ends = Object.entries(deeds).map(async ([name, deed]) => [name, await repeat(deed)] as const);
  for (let cut = 0; cut < cuts; cut++) {
    await db.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'tarsier-collector' and random() < ${Math.random()}`;
    await sleep(Math.random() * 20);
  }
  isOver = true;
  const unexplained = await Promise.all(ends);
  expect(unexplained).toEqual(Object.keys(deeds).map((name) => [name, []]));
  const halves = await db.sql`select pair, count(*)::int from written group by pair having count(*) <> 2`;
  expect(halves).toEqual([]);
  expect(pairs).toBeGreaterThan(0);
}, 60_000);

test('each connection serves again afterwards', async () => {
  const eight = Array.from({ length: 8 });
  const hold = () => sleep(20);
  await Promise.all([
    ...eight.map(() => database.run(scope, (sql) => sql`select pg_sleep(0.02)`)),
    ...eight.map(() => database.reads.begin(scope, hold)),
    ...eight.map(() => database.within(scope, hold)),
    ...eight.map(() => database.change(scope, undefined, hold)),
    ...eight.map(() => database.system.sql.begin(hold)),
    ...eight.map(() => database.jobs.claims.transaction('select 1', hold)),
  ]);
});
