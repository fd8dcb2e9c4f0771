import { createClient } from '@tarsier/protocol/client';
import { afterAll, expect, test } from 'vitest';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());

const client = async (tenant: string, scope: 'read' | 'write' = 'write') =>
  createClient({ url: server.url, token: await server.key(tenant, scope) });

const chart = { element: 'tarsier-chart', attributes: { query: 'cpu_busy_ratio', label: 'CPU' } } as const;

test('a dashboard is made, shown, arranged anew and deleted, and another tenant sees nothing of it', async () => {
  const tarsier = await client('shop');
  const made = await tarsier.call('POST /v1/dashboards', { body: { name: 'Checkout', panels: [chart] } });
  expect(made).toMatchObject({ name: 'Checkout', description: '', panels: [{ ...chart, width: 6, height: 4 }] });
  const params = { id: made.id };
  expect(await tarsier.call('GET /v1/dashboards/{id}', { params })).toEqual(made);
  const wide = { ...chart, width: 12 };
  await tarsier.call('PUT /v1/dashboards/{id}', { params, body: { name: 'Checkout', panels: [wide] } });
  const { dashboards } = await tarsier.call('GET /v1/dashboards');
  expect(dashboards).toMatchObject([{ id: made.id, panels: [{ width: 12 }] }]);
  expect(await (await client('other')).call('GET /v1/dashboards')).toEqual({ dashboards: [] });
  const reader = await client('shop', 'read');
  await expect(reader.call('DELETE /v1/dashboards/{id}', { params })).rejects.toMatchObject({ code: 'auth/scope' });
  await tarsier.call('DELETE /v1/dashboards/{id}', { params });
  await expect(tarsier.call('GET /v1/dashboards/{id}', { params })).rejects.toMatchObject({ status: 404 });
});

test('of two who arrange the same dashboard the second is told, and nothing of the first is lost', async () => {
  const tarsier = await client('two');
  const { id } = await tarsier.call('POST /v1/dashboards', { body: { name: 'Shared' } });
  let etag = '';
  const heard = (headers: Pick<Headers, 'get'>): void => void (etag = headers.get('etag') ?? '');
  await tarsier.call('GET /v1/dashboards/{id}', { params: { id }, heard });
  const save = (name: string) =>
    tarsier.call('PUT /v1/dashboards/{id}', { params: { id }, body: { name }, headers: { 'if-match': etag } });
  await save('first');
  await expect(save('second')).rejects.toMatchObject({ status: 412, code: 'http/precondition' });
  expect(await tarsier.call('GET /v1/dashboards/{id}', { params: { id } })).toMatchObject({ name: 'first' });
});

test('a dashboard is carried to another tenant as a file', async () => {
  const [from, to] = [await client('from'), await client('to')];
  const { id, ...made } = await from.call('POST /v1/dashboards', { body: { name: 'Fleet', panels: [chart] } });
  const file = await from.call('GET /v1/dashboards/{id}/export', { params: { id } });
  expect(file).toEqual({ kind: 'tarsier.dashboard', version: 1, dashboard: made });
  const imported = await to.call('POST /v1/dashboards/import', { body: file });
  expect(imported).toEqual({ ...made, id: imported.id });
  expect(imported.id).not.toBe(id);
});

test.each(['tarsier-chart', 'tarsier-stat', 'tarsier-gauge', 'tarsier-sparkline'] as const)(
  'a %s may be live: it takes a selector',
  async (element) => {
    const tarsier = await client('live');
    const panel = { element, attributes: { label: 'In', selector: 'network_received_bytes_total', rate: 'yes' } };
    const { panels } = await tarsier.call('POST /v1/dashboards', { body: { name: 'Live', panels: [panel] } });
    expect(panels).toMatchObject([panel]);
  },
);

test.each([
  [{ panels: [{ element: 'script', attributes: {} }] }, /^panels\.0\.element: /u],
  [{ panels: [{ ...chart, attributes: { onclick: 'x' } }] }, /^panels\.0\.attributes\.onclick: expected one of label/u],
  [{ panels: [{ ...chart, width: 13 }] }, /^panels\.0\.width: /u],
  [{ name: '' }, /^name: /u],
])('what no dashboard can be is refused by its field: %j', async (wrong, message) => {
  const tarsier = await client('strict');
  await expect(
    // Whoever writes no TypeScript may say anything.
    tarsier.request('POST', '/v1/dashboards', { body: { name: 'x', ...wrong } }),
  ).rejects.toMatchObject({ status: 400, code: 'http/body', message: expect.stringMatching(message) });
});
