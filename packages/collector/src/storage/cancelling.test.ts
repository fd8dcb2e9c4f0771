import { afterAll, expect, inject, test, vi } from 'vitest';
import { connect } from './database.ts';
import { createTestStorage } from './testing.ts';

const { sql, url, drop } = await createTestStorage();
const { reads, close } = connect({ ...inject('testServer'), database: new URL(url).pathname.slice(1) });
afterAll(async () => {
  await close();
  await drop();
});

const sleep = (seconds: number, signal: AbortSignal) =>
  reads.run([], (sql) => sql<{ done: string }[]>`select 'done' as done, pg_sleep(${seconds})`, signal);

async function sleeping(): Promise<number> {
  const rows = await sql`
    select pid from pg_stat_activity where datname = current_database() and state = 'active' and query like '%pg_sleep%'
      and pid <> pg_backend_pid()`;
  return rows.length;
}
const become = (count: number) =>
  vi.waitFor(async () => expect(await sleeping()).toBe(count), { timeout: 20_000, interval: 20 });

test('the database ends a statement that nobody waits for any more', async () => {
  const leaving = new AbortController();
  const answer = sleep(600, leaving.signal);
  answer.catch(() => {});
  await become(1);
  leaving.abort(new Error('gone'));
  await expect(answer).rejects.toThrow('gone');
  await become(0);
  expect(await sleep(0, new AbortController().signal)).toMatchObject([{ done: 'done' }]);
});

test('those that wait for a connection leave the queue, and those that run are left alone', async () => {
  const leaving = new AbortController();
  const staying = new AbortController();
  const running = Array.from({ length: 4 }, () => sleep(1, staying.signal));
  const queued = Array.from({ length: 20 }, () => sleep(600, leaving.signal));
  const outcomes = Promise.allSettled(queued);
  await become(4);
  leaving.abort(new Error('gone'));
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'gone' } });
  for (const rows of await Promise.all(running)) expect(rows).toMatchObject([{ done: 'done' }]);
  await become(0);
});
