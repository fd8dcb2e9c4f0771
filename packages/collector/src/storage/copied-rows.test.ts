import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, inject, test } from 'vitest';
import { connectAsOwner } from './database.ts';

const sql = connectAsOwner({ ...inject('testServer'), database: 'postgres' }, 1);
afterAll(() => sql.end());

// The driver stops the socket while a reader is slow, and has to go on when rows and their end come at once.
test('a connection goes on after rows were copied out of it, however slowly they are read', async () => {
  const rows = 3;
  const copy = await sql`copy (select repeat('x', 100000) from generate_series(1, 3)) to stdout`.readable();
  await sleep(50);
  let bytes = 0;
  for await (const chunk of copy) {
    bytes += (chunk as Uint8Array).byteLength;
    await sleep(5);
  }
  expect(bytes).toBe(rows * 100_001);
  const next = await Promise.race([sql<{ one: number }[]>`select 1 as one`, sleep(5_000)]);
  expect(next?.[0]?.one).toBe(1);
});
