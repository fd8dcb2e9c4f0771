/** All of the database as of one moment, and back into an empty one. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { describeIssue, TarsierError } from '@tarsier/protocol';
import { z } from 'zod';
import type { TarsierSql, TarsierTransaction } from '../database.ts';
import { tablesOf } from '../tables.ts';
import { decodeRecords, encodeJson, encodeRecord, notOne } from './records.ts';

const headerSchema = z.object({
  format: z.literal('tarsier-backup'),
  version: z.literal(1),
  /** Of the newest migration: a backup goes into a database of the same one. */
  migration: z.number(),
  createdAt: z.string(),
  partitions: z.array(z.object({ table: z.string(), name: z.string(), bounds: z.string() })),
});
const tableSchema = z.object({ name: z.string(), columns: z.array(z.string()) });
const endSchema = z.object({ rows: z.record(z.string(), z.number()) });

/** Rows by table. */
export type BackupRows = Readonly<Record<string, number>>;

/**
 * Writes a backup while the collector goes on: what is committed when it begins is in it, and nothing else.
 *
 * @param sql  of the tables' owner
 */
export async function writeBackup(sql: TarsierSql, to: NodeJS.WritableStream): Promise<BackupRows> {
  let counted: BackupRows = {};
  await sql.begin('isolation level repeatable read read only', async (tx) => {
    async function* records(): AsyncGenerator<Uint8Array> {
      yield encodeJson('header', {
        format: 'tarsier-backup',
        version: 1,
        migration: await newestMigration(tx),
        createdAt: new Date().toISOString(),
        partitions: await partitionsOf(tx),
      });
      const rows: Record<string, number> = {};
      for (const table of await tablesOf(tx)) {
        yield encodeJson('table', table);
        const { name, columns } = table;
        const copy = await tx`copy (select ${tx(columns)} from ${tx(name)}) to stdout (format binary)`.readable();
        for await (const chunk of copy) yield encodeRecord('rows', chunk as Uint8Array);
        rows[name] = await countOf(tx, name);
      }
      yield encodeJson('end', { rows });
      counted = rows;
    }
    const compress = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    await pipeline(Readable.from(records()), compress, to);
  });
  return counted;
}

/**
 * Fills an empty, migrated database: wholly, or not at all.
 *
 * @throws {TarsierError} `backup/not-empty`, `backup/version`, `backup/format`
 */
export async function restoreBackup(sql: TarsierSql, from: NodeJS.ReadableStream): Promise<BackupRows> {
  const source = createZstdDecompress();
  // Whoever reads it gets the error; it may come before anybody does.
  source.on('error', () => {});
  from.on('error', (error: Error) => source.destroy(error));
  from.pipe(source);
  const records = decodeRecords(source);
  const whole = await sql
    .begin(async (tx) => {
      for (const { name } of await tablesOf(tx)) {
        if ((await countOf(tx, name)) === 0) continue;
        throw new TarsierError('backup/not-empty', `expected an empty database, got rows in table ${name}`);
      }
      const first = await records.next();
      if (first.done === true || first.value.kind !== 'header') throw notOne('no header');
      const header = parsed(headerSchema, first.value.bytes);
      const migration = await newestMigration(tx);
      if (header.migration !== migration) {
        const [made, here] = [header.migration, migration].map((time) => new Date(time).toISOString());
        const message = `expected a backup of a collector with the migrations of this one (of ${here}), got one of ${made}; restore with the version that made it, then upgrade`;
        throw new TarsierError('backup/version', message);
      }
      for (const { table, name, bounds } of header.partitions) {
        await tx.unsafe(`create table if not exists "${name}" partition of "${table}" ${bounds}`);
      }
      let current: z.infer<typeof tableSchema> | undefined;
      let into: NodeJS.WritableStream | undefined;
      const close = async (): Promise<void> => {
        if (into === undefined) return;
        const ending = into;
        into = undefined;
        await new Promise<void>((resolve, reject) => {
          ending.once('error', reject);
          ending.end(() => resolve());
        });
      };
      for await (const { kind, bytes } of records) {
        if (kind === 'rows') {
          if (into === undefined) throw notOne('rows of no table');
          const stream = into;
          // Copied: the decoder goes on with its buffer.
          if (!stream.write(Buffer.from(bytes))) await new Promise((resolve) => stream.once('drain', resolve));
          continue;
        }
        await close();
        if (kind === 'end') {
          const { rows } = parsed(endSchema, bytes);
          await setSequences(tx);
          for (const [name, count] of Object.entries(rows)) {
            const there = await countOf(tx, name);
            if (there !== count) throw notOne(`${there} of ${count} rows of ${name}`);
          }
          return rows;
        }
        current = parsed(tableSchema, bytes);
        into = await tx`copy ${tx(current.name)} (${tx(current.columns)}) from stdin (format binary)`.writable();
      }
      throw notOne(`an end after table ${current?.name ?? 'none'}`);
    })
    .catch((cause: unknown) => {
      if (cause instanceof Error && 'code' in cause && /^Z(STD|_)/u.test(String(cause.code)))
        throw notOne('other bytes');
      throw cause;
    });
  return whole;
}

function parsed<T extends z.ZodType>(schema: T, bytes: Uint8Array): z.output<T> {
  const record: unknown = JSON.parse(Buffer.from(bytes).toString());
  const result = schema.safeParse(record);
  if (!result.success) throw notOne(describeIssue(result.error, record, 'record').message);
  return result.data;
}

async function partitionsOf(tx: TarsierTransaction) {
  return tx<{ table: string; name: string; bounds: string }[]>`
    select parent.relname as table, c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
    from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class parent on parent.oid = i.inhparent
    where c.relnamespace = 'public'::regnamespace and c.relispartition and c.relkind = 'r' order by 1, 2`;
}

async function countOf(tx: TarsierTransaction, table: string): Promise<number> {
  const [row] = await tx<{ rows: number }[]>`select count(*) as rows from ${tx(table)}`;
  return row?.rows ?? 0;
}

async function newestMigration(tx: TarsierTransaction): Promise<number> {
  const [row] = await tx<{ newest: number }[]>`select max(created_at) as newest from drizzle.__drizzle_migrations`;
  return row?.newest ?? 0;
}

/** Numbers that PostgreSQL gives go on after those that came along. */
async function setSequences(tx: TarsierTransaction): Promise<void> {
  const columns = await tx<{ table: string; column: string; sequence: string }[]>`
    select table_name as table, column_name as column,
      pg_get_serial_sequence(quote_ident(table_name), column_name) as sequence
    from information_schema.columns
    where table_schema = 'public' and (is_identity = 'YES' or column_default like 'nextval(%')`;
  for (const { table, column, sequence } of columns) {
    if (sequence === null) continue;
    await tx`select setval(${sequence}::regclass, coalesce((select max(${tx(column)}) from ${tx(table)}), 0) + 1, false)`;
  }
}
