/** What a start can not be faster than, on the same disk and PostgreSQL: taken in turns with starts. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';

export interface Floor {
  /** ms: a block written and on the disk; one INSERT that notifies, until its listener knows, with no wait for the disk. */
  sample(): Promise<{ readonly fdatasync: number; readonly notified: number }>;
  close(): Promise<void>;
}

const channel = 'floor';

export async function createFloor(folder: string, connection: postgres.Options<Record<string, never>>): Promise<Floor> {
  const file = await open(join(folder, 'floor'), 'w');
  const block = Buffer.alloc(8_192, 1);
  const sql = postgres({ ...connection, max: 1, onnotice() {} });
  let heard: (at: number) => void = () => {};
  await sql.unsafe('create table floor (text text)');
  await sql.listen(channel, () => heard(performance.now()));

  async function fdatasync(): Promise<number> {
    const began = performance.now();
    await file.write(block);
    await file.datasync();
    return performance.now() - began;
  }

  async function notified(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    heard = resolve;
    const began = performance.now();
    const written = sql`
      with written as (insert into floor values ('x'))
      select set_config('synchronous_commit', 'off', true), pg_notify(${channel}, '')`.execute();
    const at = await promise;
    await written;
    return at - began;
  }

  return {
    sample: async () => ({ fdatasync: await fdatasync(), notified: await notified() }),
    async close() {
      await sql.end();
      await file.close();
    },
  };
}
