/** Citus is not here: its functions are, in a real PostgreSQL, and write down what they are asked for. */
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { operatorCommands } from '../../operator/operator-commands.ts';
import { createTestStorage } from '../testing.ts';

const { storage, sql, drop } = await createTestStorage();
afterAll(drop);

function migrate() {
  const { stdin, stdout } = process;
  const config = loadConfig({});
  return operatorCommands['migrate']?.({ distribute: true }, { storage, config, now: Date.now, stdin, stdout });
}

test('without the extension nothing is done, and it is said what is missing', async () => {
  await expect(migrate()).rejects.toMatchObject({
    code: 'storage/no-citus',
    message: expect.stringContaining('CREATE EXTENSION citus'),
  });
});

test('tables are distributed by tenant in one group, those of nobody are everywhere, and a second time changes nothing', async () => {
  await sql.unsafe(`
    create schema citus;
    create table citus.pg_dist_partition (logicalrelid regclass, call text, at serial);
    create function public.create_distributed_table(relation regclass, distribution_column text, colocate_with text default 'default')
      returns void language sql as $$
        insert into citus.pg_dist_partition (logicalrelid, call)
        select relation, 'distributed by ' || distribution_column || ' with ' || colocate_with $$;
    create function public.create_reference_table(relation regclass) returns void language sql as $$
        insert into citus.pg_dist_partition (logicalrelid, call) select relation, 'reference' $$;
    create view pg_dist_partition as select logicalrelid from citus.pg_dist_partition`);
  const told = await migrate();
  // The view stands for a table of Citus's own catalog.
  const calls = await sql<{ name: string; call: string }[]>`
    select logicalrelid::text as name, call from citus.pg_dist_partition order by at`;
  const kinds = Map.groupBy(calls, ({ call }) => call);
  const named = (call: string): readonly string[] => (kinds.get(call) ?? []).map(({ name }) => name);
  const [first] = named('distributed by tenant_id with default');
  expect(new Set(kinds.keys())).toEqual(
    new Set(['reference', 'distributed by tenant_id with default', `distributed by tenant_id with ${first}`]),
  );
  expect(named(`distributed by tenant_id with ${first}`)).toEqual(
    expect.arrayContaining(['batch', 'host', 'ledger', 'segment', 'series']),
  );
  expect(named('reference')).toEqual(expect.arrayContaining(['account', 'api_key', 'tenant', 'tier']));
  // Those that all others are joined with come first.
  expect(calls.findLastIndex(({ call }) => call === 'reference')).toBeLessThan(
    calls.findIndex(({ call }) => call !== 'reference'),
  );
  expect(calls.filter(({ name }) => /^job(_|$)|_default$|_\d{8}$/u.test(name))).toEqual([]);
  expect(told?.text).toMatch(
    /^\d+ tables by tenant_id: .*\n\d+ tables whole on every node: .*\n\d+ tables on the coordinator: /u,
  );
  expect(told?.text).toContain(`${calls.length} were moved now`);
  expect((await migrate())?.text).toContain('0 were moved now');
  const [again] = await sql<{ count: number }[]>`select count(*)::int as count from citus.pg_dist_partition`;
  expect(again?.count).toBe(calls.length);
});
