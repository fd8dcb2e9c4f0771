import { afterAll, expect, test } from 'vitest';
import { createTestStorage } from './storage/testing.ts';
import { tenantCommands } from './tenant-commands.ts';

const { storage, drop } = await createTestStorage();
afterAll(drop);
const tenant = await storage.tenants.ensure('acme');
const limits = async (args: Readonly<Record<string, string>>) =>
  tenantCommands['tenant limits']?.(args, { storage, tenant, now: Date.now });

const others =
  'series default\nrequests default\nsamples default\nhosts default\nbytes default\nsubscriptions default\njobs-waiting default\njobs-running default\nmoney-day default\nmoney-month default\n';

test('what the queries of a tenant may is set, shown, and taken back', async () => {
  expect(await limits({})).toBe(`query-samples default\nquery-series default\nquery-seconds default\n${others}`);
  const set = await limits({ 'query-series': '500', 'query-seconds': '30' });
  expect(set).toBe(`query-samples default\nquery-series 500\nquery-seconds 30\n${others}`);
  expect(await storage.tenants.queryLimits(tenant)).toEqual({ series: 500, timeoutMs: 30_000 });
  expect(await storage.tenants.queryLimits(await storage.tenants.ensure('other'))).toEqual({});
  expect(await limits({ 'query-series': 'default', 'query-samples': '1000' })).toBe(
    `query-samples 1000\nquery-series default\nquery-seconds 30\n${others}`,
  );
});

test.each(['0', '-1', '1e3', 'many', '99999999999'])('a limit of %s is refused', async (given) => {
  await expect(limits({ 'query-samples': given })).rejects.toMatchObject({
    code: 'usage/limit',
    message: `--query-samples: expected a number from 1 to 1000000000, or default, got ${given}`,
  });
});

test('the weight of a tenant is set and shown', async () => {
  const jobs = async (args: Readonly<Record<string, string>>) =>
    tenantCommands['tenant jobs']?.(args, { storage, tenant, now: Date.now });
  expect(await jobs({})).toBe('weight 1\nwaiting 0\nrunning 0\n');
  expect(await jobs({ weight: '4' })).toBe('weight 4\nwaiting 0\nrunning 0\n');
  await expect(jobs({ weight: 'much' })).rejects.toMatchObject({ code: 'usage/weight' });
});

test('limits of requests and samples are the tenant’s, or one key’s', async () => {
  await limits({ requests: '50', hosts: '10', series: '1000' });
  expect(await limits({ requests: '5', key: 'abc' })).toMatch(
    /series 1000\nrequests 50\nrequests of key abc 5\nsamples default\nhosts 10\n/u,
  );
  await expect(limits({ hosts: '5', key: 'abc' })).rejects.toMatchObject({ code: 'usage/limit' });
  expect(await limits({ requests: 'default', hosts: 'default', series: 'default' })).toContain(
    'requests default\nrequests of key abc 5',
  );
});
