import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, expect, inject, test } from 'vitest';
import { silentLog } from '../log.ts';
import { connect } from './database.ts';
import { migrateDatabase } from './migrate.ts';
import { applicationRole } from './row-security.ts';
import { storageOnDatabase } from './storage.ts';
import { createTestStorage } from './testing.ts';

const server = inject('testServer');
const { storage, sql, url, drop } = await createTestStorage();
const database = connect({ ...server, database: new URL(url).pathname.slice(1) });
const admin = postgres({ ...server, database: 'postgres', max: 1, onnotice() {} });
afterAll(async () => {
  await admin.end();
  await database.close();
  await drop();
});
const [a, b] = [await storage.tenants.ensure('a'), await storage.tenants.ensure('b')];

/** Every table with rows of tenants, and how to make a row of it out of nothing. */
const tables = await sql<{ name: string; columns: { name: string; type: string; array: boolean }[] }[]>`
  select c.relname as name, json_agg(json_build_object(
    'name', a.attname, 'type', format_type(a.atttypid, null), 'array', t.typcategory = 'A')) as columns
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  group by c.oid having bool_or(a.attname = 'tenant_id') order by 1`;
const anything: Readonly<Record<string, string>> = {
  integer: '1',
  bigint: '1',
  'double precision': '1',
  text: `'x'`,
  boolean: 'true',
  bytea: `'\\x01'`,
  jsonb: `'{}'`,
  smallint: '1',
  uuid: `'00000000-0000-7000-8000-000000000000'`,
  date: `'2026-11-30'`,
  'timestamp with time zone': `'2026-11-30'`,
};
function insertInto(table: (typeof tables)[number], tenantId: number): string {
  const values = table.columns.map(({ name, type, array }) => {
    if (name === 'tenant_id') return String(tenantId);
    return array ? `'{}'` : (anything[type] ?? `unknown type ${type}`);
  });
  return `insert into "${table.name}" (${table.columns.map(({ name }) => `"${name}"`).join()}) values (${values.join()})`;
}
// The tenants themselves are there already, and their numbers are the database's to give.
for (const table of tables) if (table.name !== 'tenant') await sql.unsafe(insertInto(table, b.tenantId));

test('the role that reads and writes owns nothing and bypasses nothing, and is what statements run as', async () => {
  const [role] = await sql`
    select rolsuper, rolbypassrls, rolcreaterole, rolcanlogin from pg_roles where rolname = ${applicationRole}`;
  expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcanlogin: false });
  const who = await database.run(a, (one) => one<{ me: string }[]>`select current_user as me`);
  expect(who).toEqual([{ me: applicationRole }]);
  // Nor does it become another by putting back what it started with.
  expect(await database.begin(a, async (tx) => [await tx`reset role`, await tx`select current_user as me`][1])).toEqual(
    [{ me: applicationRole }],
  );
});

test.each(tables.map(({ name }) => name))(
  'of %s a tenant sees, changes, deletes and adds nothing of another',
  async (name) => {
    const table = tables.find((one) => one.name === name);
    if (table === undefined) throw new Error(name);
    const rows = (scope: Parameters<typeof database.run>[0]) =>
      database.run(scope, (one) => one`select * from ${one(name)} where tenant_id = ${b.tenantId}`);
    const versions = () => sql`select xmin::text, ctid::text from ${sql(name)} where tenant_id = ${b.tenantId}`;
    const before = await versions();
    expect(await rows(b)).toHaveLength(1);
    expect(await rows(a)).toEqual([]);
    expect(await rows([])).toEqual([]);
    // As a statement that forgets whose rows it wants.
    expect(await database.run(a, (one) => one`select 1 from ${one(name)} where tenant_id <> ${a.tenantId}`)).toEqual(
      [],
    );
    const column = table.columns.findLast((one) => one.name !== 'tenant_id')?.name ?? '';
    await database.run(a, (one) => one`update ${one(name)} set ${one(column)} = ${one(column)}`);
    await database.run(a, (one) => one`delete from ${one(name)} where tenant_id = ${b.tenantId}`);
    if (name !== 'tenant') {
      const forbidden = { code: '42501', message: expect.stringContaining('row-level security') };
      const added = database.run(a, (one) => one.unsafe(insertInto(table, b.tenantId)));
      await expect(added).rejects.toMatchObject(forbidden);
      await expect(database.within(a, (tx) => tx.execute(insertInto(table, b.tenantId)))).rejects.toMatchObject({
        cause: forbidden,
      });
    }
    // Not even written as it was.
    expect(await versions()).toEqual(before);
  },
);

test('nothing in the schema is reached past its table: partitions, and tables of no tenant, are out of reach', async () => {
  const reachable = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
      and case when c.relkind = 'S' then has_sequence_privilege(${applicationRole}, c.oid, 'usage, select, update')
        else has_table_privilege(${applicationRole}, c.oid, 'select, insert, update, delete, truncate') end`;
  // What a tier allows may be read by all, and changed by nobody who speaks for a tenant.
  const expected = [...tables.map(({ name }) => name), 'tier'].toSorted();
  expect(reachable.map(({ name }) => name).toSorted()).toEqual(expected);
  await expect(database.run(b, (one) => one`update tier set position = 0`)).rejects.toMatchObject({ code: '42501' });
  await expect(database.run(b, (one) => one`select * from batch_default`)).rejects.toMatchObject({ code: '42501' });
});

test('a scope does not outlast its statement: the next one on the same connection has its own, or none', async () => {
  const names = async (scope: Parameters<typeof database.run>[0]) => {
    const rows = await database.run(scope, (one) => one<{ name: string }[]>`select name from tenant order by name`);
    return rows.map(({ name }) => name);
  };
  const asked = Array.from({ length: 60 }, (_, at) => [[a], [b], [a, b], []][at % 4] ?? []);
  const found = await Promise.all(asked.map((scopes) => names(scopes)));
  expect(found).toEqual(asked.map((scopes) => scopes.map(({ tenant }) => tenant)));
  const paged: string[] = [];
  for await (const page of database.stream(b, 1, (one) => one<{ name: string }[]>`select name from tenant`))
    paged.push(...page.map(({ name }) => name));
  expect(paged).toEqual(['b']);
});

test('a statement that fails, or whose connection ends, leaves connections for those that follow', async () => {
  for (let again = 0; again < 8; again++)
    await expect(database.run(a, (one) => one`select 1 / 0`)).rejects.toMatchObject({ code: '22012' });
  for (let again = 0; again < 8; again++) {
    // One that just ended may be the next that is tried.
    await expect
      .poll(() =>
        database
          .run(a, (one) => one`select 1`)
          .then(
            (rows) => rows.length,
            () => 0,
          ),
      )
      .toBe(1);
    const sleeping = database.run(a, (one) => one`select pg_sleep(600)`);
    const ended = expect(sleeping).rejects.toMatchObject({
      code: expect.stringMatching(/^(57P01|CONNECTION_CLOSED)$/u),
    });
    await expect
      .poll(
        () => sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and query like '%pg_sleep(600)' and state = 'active' and usename is not null
            and pid <> pg_backend_pid()`,
      )
      .toHaveLength(1);
    await ended;
  }
  await expect
    .poll(async () => {
      const rows = await Promise.all(
        Array.from({ length: 12 }, () => database.run(a, (one) => one`select name from tenant`)),
      );
      return rows.map(([row]) => row?.['name']);
    })
    .toEqual(Array.from({ length: 12 }, () => 'a'));
});

test('a user who may not create roles is told what an administrator has to run, and then starts', async () => {
  const id = randomBytes(6).toString('hex');
  const [user, own] = [`plain_${id}`, `plain_db_${id}`];
  await admin.unsafe(`create role ${user} login password 'x'`);
  await admin.unsafe(`create database ${own} owner ${user}`);
  const connection = { ...server, user, password: 'x', database: own };
  try {
    const refused = await migrateDatabase(connection, silentLog).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'storage/role' });
    const [, command] = /GRANT (\w+ TO) USER/u.exec(String(refused)) ?? [];
    await admin.unsafe(`grant ${command} ${user}`);
    const opened = await storageOnDatabase(connection, Date.now);
    const scope = await opened.tenants.ensure('plain');
    await opened.ensurePartitions(Date.now());
    await opened.channels.create(scope, { name: 'n', kind: 'ntfy', url: 'https://example.test/x' });
    expect(await opened.channels.list(scope)).toHaveLength(1);
    expect(await opened.channels.list({ tenantId: scope.tenantId + 1, tenant: '' })).toEqual([]);
    await opened.close();
  } finally {
    await admin.unsafe(`drop database ${own} with (force)`);
    await admin.unsafe(`drop role ${user}`);
  }
});
