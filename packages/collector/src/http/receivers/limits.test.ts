/** What every door keeps to: the tenant's limit of series, and the host that a key is for. */
import { enrolResponse } from '@tarsier/protocol/api';
import { compress } from 'snappyjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeRequest, writeRequestV2, type SentSeries } from '../../receivers/remote-write/testing.ts';
import { startDoorServer } from './testing.ts';

const server = await startDoorServer();
afterAll(() => server.close());

const now = Math.floor(Date.now() / 1000) * 1000;

/** One sample, 1, of each metric; of no host or of one. */
interface Door {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  body(metrics: readonly string[], host?: string): Uint8Array<ArrayBuffer> | string;
  /** Its answer when a part is stored for good. */
  readonly partly: number;
}

function sent(metrics: readonly string[], host: string | undefined): SentSeries[] {
  const labels: SentSeries['labels'] = host === undefined ? [] : [['host', host]];
  return metrics.map((name) => ({ labels: [['__name__', name], ...labels], samples: [[1, now]] }));
}

function protobuf(message: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(compress(message));
}

const snappy = { 'content-encoding': 'snappy' };
const doors: Readonly<Record<string, Door>> = {
  'remote_write 1.0': {
    path: '/api/v1/write',
    headers: { ...snappy, 'content-type': 'application/x-protobuf' },
    body: (metrics, host) => protobuf(writeRequest(sent(metrics, host))),
    partly: 400,
  },
  'remote_write 2.0': {
    path: '/api/v1/write',
    headers: { ...snappy, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' },
    body: (metrics, host) => protobuf(writeRequestV2(sent(metrics, host))),
    partly: 400,
  },
  OTLP: {
    path: '/v1/metrics',
    headers: { 'content-type': 'application/json' },
    body: (metrics, host) =>
      JSON.stringify({
        resourceMetrics: metrics.map((name) => ({
          resource: {
            attributes: host === undefined ? [] : [{ key: 'host.name', value: { stringValue: host } }],
          },
          scopeMetrics: [
            { metrics: [{ name, gauge: { dataPoints: [{ asDouble: 1, timeUnixNano: `${now}000000` }] } }] },
          ],
        })),
      }),
    partly: 200,
  },
  'Influx 2': {
    path: '/api/v2/write?precision=ms',
    headers: {},
    body: (metrics, host) => influxLines(metrics, host),
    partly: 422,
  },
  'Influx 1': {
    path: '/write?precision=ms',
    headers: {},
    body: (metrics, host) => influxLines(metrics, host),
    partly: 400,
  },
  'Prometheus text': {
    path: '/v1/import/prometheus',
    headers: { 'content-type': 'text/plain' },
    body: (metrics, host) =>
      metrics.map((name) => `${name}${host === undefined ? '' : `{host="${host}"}`} 1 ${now}\n`).join(''),
    partly: 400,
  },
  'JSON lines': {
    path: '/v1/import/json',
    headers: {},
    body: (metrics, host) =>
      metrics
        .map((name) => `${JSON.stringify({ name, value: 1, labels: host === undefined ? {} : { host } })}\n`)
        .join(''),
    partly: 400,
  },
};

/** `measurement_field`, which is the name of the metric. */
function influxLines(metrics: readonly string[], host: string | undefined): string {
  return metrics
    .map((name) => name.split('_'))
    .map(([measurement, ...field]) => {
      const tag = host === undefined ? '' : `,host=${host}`;
      return `${measurement}${tag} ${field.join('_')}=1 ${now}\n`;
    })
    .join('');
}

async function post(
  { path, headers }: Door,
  key: string,
  body: ReturnType<Door['body']>,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
}

describe.each(Object.entries(doors))('%s', (name, door) => {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]/gu, '');

  test('a tenant at its limit keeps the series that it has; new ones are refused for good, and say why', async () => {
    const tenant = `full-${slug}`;
    const key = await server.key(tenant, 'ingest');
    const { tenantId } = await server.storage.tenants.ensure(tenant);
    const metrics = ['full_a', 'full_b', 'full_c'];
    expect((await post(door, key, door.body(metrics, 'box'))).status).toBeLessThan(300);
    await server.sql`update tenant set max_series = 4 where tenant_id = ${tenantId}`;

    // One more has room, whichever it is; and it stays known when the next request comes.
    for (let round = 0; round < 2; round++) {
      const { status, text } = await post(door, key, door.body(['full_d', ...metrics, 'full_e'], 'box'));
      expect([status, text]).toEqual([door.partly, expect.stringMatching(/as many series as|at most 4/u)]);
    }
    expect((await post(door, key, door.body(['full_d', ...metrics], 'box'))).status).toBeLessThan(300);
    const rows = await server.storage.series.candidates(await server.storage.tenants.ensure(tenant), []);
    expect(rows.map((row) => row.name).toSorted()).toEqual(['full_a', 'full_b', 'full_c', 'full_d']);

    // Of another host as well: none of its series is there yet.
    const { status } = await post(door, key, door.body(['full_a'], 'other'));
    expect(status).toBe(door.partly === 422 ? 400 : door.partly);
    expect(await server.storage.hosts.list(await server.storage.tenants.ensure(tenant))).toMatchObject([
      { host: 'box' },
    ]);
  });
});

describe('the key of one host', () => {
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

  test.each(Object.entries(doors))('by %s writes for that host alone', async (name, door) => {
    const slug = `bound_${name.toLowerCase().replaceAll(/[^a-z0-9]/gu, '')}`;
    expect((await post(door, bound, door.body([`${slug}_none`]))).status).toBeLessThan(300);
    expect((await post(door, bound, door.body([`${slug}_own`], 'mine'))).status).toBeLessThan(300);
    const { status, text } = await post(door, bound, door.body([`${slug}_other`], 'other'));
    expect([status, text]).toEqual([
      door.partly === 422 ? 400 : door.partly,
      expect.stringContaining('a host that this key may send for'),
    ]);
    // Nor by what the address says.
    const separator = door.path.includes('?') ? '&' : '?';
    const elsewhere = { ...door, path: `${door.path}${separator}host=other` };
    expect((await post(elsewhere, bound, door.body([`${slug}_address`]))).status).toBeLessThan(300);
    expect(Object.keys(await server.now(`{__name__=~"${slug}.*"}`)).toSorted()).toEqual(
      ['address', 'none', 'own'].map((what) => `${slug}_${what}{host=mine}`),
    );
  });
});
