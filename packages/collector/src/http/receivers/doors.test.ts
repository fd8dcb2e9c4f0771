/** What every door keeps to: limits, the host that a key is for, and what becomes of bad or repeated requests. */
import { enrolResponse } from '@tarsier/protocol/api';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doorLimits } from './door.ts';
import { doors, type Door } from './testing-doors.ts';
import { startDoorServer } from './testing.ts';

const server = await startDoorServer();
afterAll(() => server.close());

const now = Math.floor(Date.now() / 1000) * 1000;

/** Of the host whose key it is. */
let bound = '';
beforeAll(async () => {
  const scope = await server.storage.tenants.ensure('default');
  const expiresAt = Date.now() + 3_600_000;
  const token = await server.storage.enrolments.createToken(scope, { name: 'test', expiresAt, uses: 1 });
  const enrolled = await fetch(`${server.url}/v1/enrol`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ host: 'mine', identity: { dmi: 'a'.repeat(64) } }),
  });
  bound = enrolResponse.parse(await enrolled.json()).key;
});

describe.each(Object.entries(doors))('%s', (doorName, door) => {
  const slug = doorName.toLowerCase().replaceAll(/[^a-z0-9]/gu, '');
  const { partly, wholly } = door.refused;

  async function post(
    body: ReturnType<Door['body']>,
    {
      key = server.sender,
      path = door.path,
      headers = {},
    }: { readonly key?: string; readonly path?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, ...door.headers, ...headers },
      body,
    });
    return { status: response.status, text: await response.text() };
  }

  test('a tenant at its limit keeps the series that it has; new ones are refused for good, and say why', async () => {
    const tenant = `full-${slug}`;
    const key = await server.key(tenant, 'ingest');
    const scope = await server.storage.tenants.ensure(tenant);
    const body = (names: readonly string[], host = 'box') =>
      door.body(names.map((name) => ({ name, time: now, host })));
    const metrics = ['full_a', 'full_b', 'full_c'];
    expect((await post(body(metrics), { key })).status).toBeLessThan(300);
    await server.sql`update tenant set max_series = 4 where tenant_id = ${scope.tenantId}`;

    // One more has room; and it is known when the next request comes.
    for (let round = 0; round < 2; round++) {
      const { status, text } = await post(body(['full_d', ...metrics, 'full_e']), { key });
      expect([status, text]).toEqual([partly, expect.stringMatching(/as many series as|at most 4/u)]);
    }
    expect((await post(body(['full_d', ...metrics]), { key })).status).toBeLessThan(300);
    const rows = await server.storage.series.candidates(scope, []);
    expect(rows.map(({ name }) => name).toSorted()).toEqual(['full_a', 'full_b', 'full_c', 'full_d']);

    // At the same time, each with another new one: all of what is known is stored.
    const times = Array.from({ length: 8 }, (_, index) => now - (index + 1) * 1000);
    const answers = await Promise.all(
      times.map((time, index) =>
        post(door.body([`full_${index}`, ...metrics].map((name) => ({ name, time, host: 'box' }))), { key }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(times.map(() => partly));
    const known = await server.storage.series.candidates(scope, [{ label: '__name__', op: '=', value: 'full_c' }]);
    const stored = await server.storage.samples.read(scope, known, { from: now - 60_000, to: now });
    expect([...stored.values()].map((column) => [...column.times])).toEqual([[...times.toReversed(), now]]);

    // None of another host's series is there yet, so that it does not come to be.
    expect((await post(body(['full_a'], 'other'), { key })).status).toBe(wholly);
    expect(await server.storage.hosts.list(scope)).toMatchObject([{ host: 'box' }]);
  });

  test('the key of one host writes for that host alone', async () => {
    const sample = (what: string, host?: string) =>
      door.body([{ name: `bound_${slug}_${what}`, time: now, ...(host === undefined ? {} : { host }) }]);
    expect((await post(sample('none'), { key: bound })).status).toBeLessThan(300);
    expect((await post(sample('own', 'mine'), { key: bound })).status).toBeLessThan(300);
    const { status, text } = await post(sample('other', 'other'), { key: bound });
    expect([status, text]).toEqual([wholly, expect.stringContaining('a host that this key may send for')]);
    // Nor by what the address says.
    const path = `${door.path}${door.path.includes('?') ? '&' : '?'}host=other`;
    expect((await post(sample('address'), { key: bound, path })).status).toBeLessThan(300);
    expect(Object.keys(await server.now(`{__name__=~"bound_${slug}_.*"}`)).toSorted()).toEqual(
      ['address', 'none', 'own'].map((what) => `bound_${slug}_${what}{host=mine}`),
    );
  });

  test('samples of 1970 and of 2200 are refused for good, and the one between them is stored', async () => {
    const name = `times_${slug}`;
    const times = [1_000, now, Date.UTC(2200, 0)];
    const { status, text } = await post(door.body(times.map((time) => ({ name, time, host: 'box' }))));
    expect([status, text]).toEqual([partly, expect.stringMatching(/1970|whole milliseconds/u)]);
    expect(await server.samples(name)).toEqual({ [`${name}{host=box}`]: [[now, '1']] });
  });

  test('the smallest, the largest and minus zero come back to the bit, once, however often they are sent', async () => {
    const name = `values_${slug}`;
    const values = ['-0', '5e-324', '-5e-324', '1.7976931348623157e+308', '0.1', '9007199254740993'];
    const body = door.body(
      values.map((value, index) => ({ name, time: now - index * 1000, value: Number(value), host: 'box' })),
    );
    const answers = await Promise.all([post(body), post(body), post(body)]);
    expect(answers.map(({ status }) => status).every((status) => status < 300)).toBe(true);
    expect(await server.samples(name)).toEqual({
      [`${name}{host=box}`]: values
        .map((value, index) => [now - index * 1000, value === '9007199254740993' ? '9007199254740992' : value])
        .toReversed(),
    });
  });

  test.each<[string, Uint8Array<ArrayBuffer>, Readonly<Record<string, string>>, number]>([
    ['bytes of no meaning', Uint8Array.from({ length: 300 }, (_, index) => (index * 151) % 256), {}, 400],
    ['what is longer than a request may be', new Uint8Array(doorLimits.bodyBytes + 1).fill(0x61), {}, 413],
    ['an encoding that nobody speaks', Uint8Array.of(1), { 'content-encoding': 'br' }, 415],
  ])('%s: refused, with a word why', async (_, body, headers, status) => {
    const { status: got, text } = await post(body, { headers });
    expect([got, text]).toEqual([status, expect.stringMatching(/\S/u)]);
  });

  if (door.headers['content-encoding'] !== undefined) return;

  test('gzip is taken; one that is cut short or grows beyond bounds is not', async () => {
    const name = `gzip_${slug}`;
    const body = gzipSync(door.body([{ name, time: now, host: 'box' }]));
    const headers = { 'content-encoding': 'gzip' };
    const bomb = gzipSync(new Uint8Array(doorLimits.unpackedBytes + 1).fill(0x20));
    expect((await post(new Uint8Array(body.subarray(0, -9)), { headers })).status).toBe(400);
    expect((await post(new Uint8Array(bomb), { headers })).status).toBe(413);
    expect(await server.samples(name)).toEqual({});
    expect((await post(new Uint8Array(body), { headers })).status).toBeLessThan(300);
    expect(await server.samples(name)).toEqual({ [`${name}{host=box}`]: [[now, '1']] });
  });
});
