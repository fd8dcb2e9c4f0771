import type { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, expect, inject, test } from 'vitest';
import { CopyReader, readCopy } from './copy-reader.ts';
import { connectAsOwner } from './database.ts';

const sql = connectAsOwner({ ...inject('testServer'), database: 'postgres' }, 1);
afterAll(() => sql.end());

interface Row {
  readonly small: number;
  readonly large: number;
  readonly bytes: Uint8Array;
  readonly maybe: number | null;
}

const row: fc.Arbitrary<Row> = fc.record({
  small: fc.integer(),
  large: fc.maxSafeInteger(),
  bytes: fc.uint8Array({ maxLength: 5_000 }),
  maybe: fc.option(fc.integer()),
});

function copyOf(rows: readonly Row[]): Promise<Readable> {
  const values = rows.map(
    ({ small, large, bytes, maybe }, at) =>
      // Quoted, for a sign is weaker than a cast.
      `(${at}, int '${small}', bigint '${large}', '\\x${Buffer.from(bytes).toString('hex')}'::bytea,
        ${maybe === null ? 'null' : `int '${maybe}'`})`,
  );
  const from = values.length > 0 ? `values ${values.join()}` : `select 0, 0, 0::bigint, ''::bytea, 0 where false`;
  return sql
    .unsafe(
      `copy (select small, large, bytes, maybe from (${from}) as r(at, small, large, bytes, maybe) order by at)
        to stdout (format binary)`,
    )
    .readable();
}

function rowsOf(reader: CopyReader): Row[] {
  const read: Row[] = [];
  while (reader.next()) {
    const [small, large] = [reader.int(), reader.int()];
    read.push({ small, large, bytes: new Uint8Array(reader.bytes()), maybe: reader.intOrNull() });
  }
  return read;
}

test('rows that PostgreSQL copies out are read as they are, wherever what comes is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), fc.array(fc.nat()), async (rows, cuts) => {
      expect(rowsOf(await readCopy(await copyOf(rows)))).toEqual(rows);
      const bytes = Buffer.concat(await (await copyOf(rows)).toArray());
      const places = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((place, at) => bytes.subarray(places[at], place));
      expect(rowsOf(new CopyReader(pieces))).toEqual(rows);
    }),
    { numRuns: 50 },
  );
});

test.for([
  ['at its first row, before anything was sent', 1],
  ['half-way', 3_000],
] as const)('a copy that fails %s is no copy, and its connection goes on', async ([, at]) => {
  const copied = sql.begin(async (tx) => {
    const query = tx.unsafe(
      `copy (select repeat('x', 1000), 1 / (${at} - n) from generate_series(1, 4000) as s(n))
        to stdout (format binary)`,
    );
    return await readCopy(await query.readable());
  });
  await expect(copied).rejects.toThrow('division by zero');
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test('a copy that is cancelled before it sent anything is no copy', async () => {
  const copied = sql.begin(async (tx) => {
    await tx`set local statement_timeout = 50`;
    return await readCopy(await tx.unsafe('copy (select pg_sleep(20)) to stdout (format binary)').readable());
  });
  await expect(copied).rejects.toThrow('statement timeout');
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const ofOne = (length: number, ...bytes: number[]): Buffer =>
  Buffer.concat([header, Buffer.from([0, 1, 0, 0, 0, length, ...bytes])]);

test.for([
  ['nothing', Buffer.alloc(0), 'expected 11 bytes, got the end'],
  ['another format', Buffer.alloc(40, 'a'), 'expected the signature'],
  ['flags', Buffer.concat([header.subarray(0, 11), Buffer.alloc(8, 1)]), 'expected no flags'],
  ['no end', header, 'expected 2 bytes, got the end'],
  ['half a field', ofOne(8, 0), 'expected 8 bytes, got the end'],
  ['a number of three bytes', ofOne(3, 0, 0, 0), 'expected a number of 4 or 8 bytes, got 3'],
  ['a field that nobody reads', ofOne(4, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 255, 255), 'one field left', true],
  ['more after the end', Buffer.concat([header, Buffer.from([255, 255, 0])]), 'expected the end, got more'],
] as const)('%s is no copy', ([, bytes, message, skips = false]) => {
  const read = (): void => {
    const reader = new CopyReader([bytes]);
    while (reader.next()) if (!skips) reader.int();
  };
  expect(read).toThrow(skips ? 'expected all fields to be read' : message);
});
