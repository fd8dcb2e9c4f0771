import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());

async function client(tenant: string, scope: 'read' | 'write' | 'admin' = 'admin') {
  const key = await server.key(tenant, scope);
  return async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${server.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
}

test('a budget of an agent is made, shown with what was spent of it, changed, and deleted; its history stays', async () => {
  const call = await client('acme');
  await call('PUT', '/prices', { models: [{ model: 'large', input: '3', output: '10' }] });
  const budget = { kind: 'agent', target: 'busy', period: 'day', amount: '10.00', minimum: '2', maximum: '20' };
  expect(await call('PUT', '/budgets/busy', budget)).toMatchObject({
    status: 200,
    body: { id: 'busy', amount: '10.00', minimum: '2.00', maximum: '20.00', weight: 1, automatic: false },
  });
  const now = Date.now();
  const today = Math.floor(now / 86_400_000) * 86_400_000;
  const line = (count: number, at: number): string =>
    `llm_tokens_total{agent="busy",provider="acme",model="large",type="output"} ${count} ${at}`;
  const response = await fetch(`${server.url}/v1/import/prometheus?host=app`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await server.key('acme', 'admin')}`, 'content-type': 'text/plain' },
    body: `# TYPE llm_tokens_total counter\n${line(0, today - 1)}\n${line(250_000, Math.floor((today + now) / 2))}\n${line(500_000, now)}\n`,
  });
  expect(response.status).toBeLessThan(300);
  const shown = z.object({ budgets: z.array(z.looseObject({ spent: z.string() })) });
  const { budgets } = shown.parse((await call('GET', '/budgets')).body);
  expect(budgets).toHaveLength(1);
  // Half a million tokens at 10 USD a million; an increase is extrapolated by a little.
  expect(Number(budgets[0]?.spent)).toBeGreaterThan(2);
  expect(Number(budgets[0]?.spent)).toBeLessThan(6);
  const one = z.object({
    budget: z.looseObject({ spent: z.string() }),
    days: z.array(z.looseObject({ spent: z.string() })),
  });
  const { budget: again, days } = one.parse((await call('GET', '/budgets/busy?days=2')).body);
  expect(days).toHaveLength(2);
  expect(Number(again.spent)).toBeCloseTo(Number(budgets[0]?.spent), 1);
  expect(Number(days[1]?.spent)).toBeCloseTo(Number(budgets[0]?.spent), 1);
  await call('PUT', '/budgets/busy', { ...budget, amount: '12.50' });
  expect((await call('DELETE', '/budgets/busy')).status).toBe(204);
  expect((await call('GET', '/budgets/busy')).status).toBe(404);
  expect(await call('GET', '/budgets/busy/changes')).toMatchObject({
    body: {
      changes: [
        { kind: 'deleted', from: '12.50', to: null },
        { kind: 'set', from: '10.00', to: '12.50' },
        { kind: 'set', from: null, to: '10.00' },
      ],
    },
  });
  expect(await call('PUT', '/budgets/busy', { ...budget, minimum: '30' })).toMatchObject({
    status: 400,
    body: { field: 'maximum', detail: expect.stringContaining('maximum: expected at least the minimum, 30.00') },
  });
});

test('a proposal belongs to its tenant, is tried and applied by who may, and its sum is kept', async () => {
  const { storage } = server;
  const scope = await storage.tenants.ensure('shop');
  const call = await client('shop');
  for (const id of ['a', 'b']) await call('PUT', `/budgets/${id}`, { kind: 'agent', target: id, amount: '10' });
  const id = '00000000-0000-7000-8000-00000000000a';
  const range = { mean: '0.00', low: '0.00', high: '0.00' };
  const move = (budget: string, to: string) =>
    ({
      budget,
      kind: 'agent',
      target: budget,
      from: '10.00',
      to,
      delta: '0.00',
      bounds: { low: '0.00', high: '20.00' },
      demand: range,
      served: { from: '0.00', to: '0.00' },
      marginal: { from: 0, to: 0 },
      success: 1,
      exhausted: { periods: 0, of: 0 },
      confidence: 1,
      reason: 'because',
    }) as const;
  const days = Array.from({ length: 30 }, () => 400_000_000);
  const common = { from: 10_000_000_000, minimum: 0, maximum: 20_000_000_000, value: 1 };
  await storage.budgets.propose(
    scope,
    {
      kind: 'budget.rebalance',
      version: 1,
      id,
      createdAt: Date.now(),
      state: 'proposed',
      currency: 'USD',
      period: 'month',
      method: 'by hand',
      total: { from: '20.00', to: '20.00' },
      moves: [move('a', '12.50'), move('b', '7.50')],
      unmet: { from: range, to: range },
      gain: range,
      isBetter: false,
      verdict: 'not tried',
      unpriced: [],
      left: [],
    },
    {
      options: { periodDays: 30, maxStep: 0.25, unit: 10_000_000, draws: 10, seed: 1 },
      pasts: [
        { ...common, budget: 'a', days },
        { ...common, budget: 'b', days: days.map(() => 100_000_000) },
      ],
    },
  );
  expect(await call('POST', `/rebalances/${id}/simulate`, {})).toMatchObject({
    status: 200,
    body: { gain: { mean: '2.00' }, broken: [], moves: [{ served: { from: '10.00', to: '12.00' } }, {}] },
  });
  expect((await (await client('shop', 'write'))('POST', `/rebalances/${id}/apply`, {})).status).toBe(403);
  expect((await (await client('other'))('POST', `/rebalances/${id}/apply`, {})).status).toBe(404);
  expect(await call('POST', `/rebalances/${id}/apply`, { amounts: { a: '11' } })).toMatchObject({
    status: 409,
    body: { code: 'budgets/amounts', detail: 'amounts: the sum is 21.00 USD, and was 20.00' },
  });
  expect(await call('POST', `/rebalances/${id}/apply`, { amounts: { a: '11', b: '9' } })).toMatchObject({
    body: { state: 'applied', moves: [{ to: '11.00', delta: '1.00' }, { to: '9.00' }] },
  });
  expect(await call('GET', '/rebalances')).toMatchObject({ body: { rebalances: [{ id, state: 'applied' }] } });
  expect(await call('POST', `/rebalances/${id}/undo`)).toMatchObject({ body: { state: 'undone' } });
  expect((await call('POST', `/rebalances/${id}/undo`)).status).toBe(409);
  expect(await call('GET', '/budgets')).toMatchObject({
    body: { budgets: [{ amount: '10.00' }, { amount: '10.00' }] },
  });
  // Who set, applied and undid it is in the audit log.
  await expect
    .poll(async () => JSON.stringify((await call('GET', '/audit?limit=100')).body))
    .toContain(`rebalances/${id}/undo`);
});
