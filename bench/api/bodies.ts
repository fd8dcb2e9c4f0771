/** What requests of the benchmark say, so that each is done and not refused; and what has to be there before each. */
import { createHash } from 'node:crypto';
import { sampleBody } from '../../packages/collector/src/http/testing-sample.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** How requests reach the collector, and the ids of what was made there. */
export interface Bench {
  send(method: string, path: string, body?: unknown, as?: { readonly bearer?: string }): Promise<Answer>;
  /** The newest of a resource. */
  idOf(resource: string): string | undefined;
  readonly startMs: number;
  readonly endMs: number;
}

/** The job must not run: what is measured is the API. */
const job = () => ({ type: 'cost_optimization', payload: {}, startAt: Date.now() + 86_400_000 });
const channel = { kind: 'ntfy', name: 'bench', url: 'https://ntfy.sh/ops' };
export const password = 'long enough to be a password';
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What comes as text: a hundred samples of the last minute. */
const lines = (head: string, line: (at: number, index: number) => string) => (): string =>
  head + Array.from({ length: 100 }, (_, index) => line(Date.now() - 60_000 + index, index)).join('');

const bodies: Readonly<Record<string, (name: string, bench: Bench) => unknown>> = {
  'POST /v1/jobs': job,
  'POST /v1/jobs/bulk': () => ({ jobs: [job()] }),
  'POST /v1/jobs/quote': () => ({ type: job().type, payload: {} }),
  'POST /v1/job-schedules': (name) => ({ type: job().type, payload: {}, cron: '@daily', name }),
  'POST /v1/incidents/{id}/{kind}': () => ({ text: 'looked into' }),
  'POST /v1/rotations': (name, bench) => rotation(name, bench),
  'PUT /v1/rotations/{id}': (name, bench) => rotation(name, bench),
  'POST /v1/overrides': (_, bench) => override(bench),
  'PUT /v1/overrides/{id}': (_, bench) => override(bench),
  'POST /v1/channels/preview': () => ({ channel }),
  'POST /v1/detection/settings': () => ({ selector: 'bench_2' }),
  'POST /v1/rule-lab': (name, { startMs, endMs }) => ({
    rule: { kind: 'threshold', name, expr: 'bench_2{host="bench-0001"}', op: '>', values: [1, 2] },
    start: Math.max(startMs, endMs - 3_600_000),
    end: endMs,
    stepMs: 60_000,
  }),
  'POST /v1/enrol': (name) => ({ host: name.replaceAll(' ', '-'), identity: { machine: hash(name) } }),
  // Whoever is signed in would be locked out.
  'PUT /v1/sign-in-policy': () => ({ requireTotp: false }),
  'PUT /v1/account/password': () => ({ current: password, password }),
  'PUT /v1/tenants/{id}': () => ({ tier: 'pro', suspended: false }),
  'POST /v1/import/prometheus': lines('', (at, index) => `imported{host="imported",i="${index}"} 1 ${at}\n`),
  'POST /v1/import/json': lines(
    '',
    (time, index) =>
      `${JSON.stringify({ name: 'imported', value: 1, labels: { host: 'imported', i: String(index) }, time })}\n`,
  ),
  'POST /v1/import/csv': lines('name,time,value,host,i\n', (at, index) => `imported,${at},1,imported,${index}\n`),
};

const rotation = (name: string, { idOf }: Bench): object => ({
  name,
  timeZone: 'UTC',
  startsOn: '2026-11-30',
  people: [{ name: 'ann', channels: [idOf('channels') ?? ''] }],
});

const override = ({ idOf }: Bench): object => ({
  rotationId: idOf('rotations') ?? '',
  person: 'ann',
  channels: [idOf('channels') ?? ''],
  from: Date.now(),
  to: Date.now() + 3_600_000,
});

/** A text is sent as it is. */
export function bodyOf(endpoint: string, name: string, bench: Bench): unknown {
  return bodies[endpoint]?.(name, bench) ?? sampleBody(endpoint, name);
}

async function newJob(bench: Bench, ...steps: readonly string[]): Promise<void> {
  const { text } = await bench.send('POST', '/v1/jobs', job());
  const [, id = ''] = /"id":"([^"]+)"/u.exec(text) ?? [];
  for (const step of steps) await bench.send('POST', `/v1/jobs/${id}/${step}`, {});
}

const put = (endpoint: string, path: string) => async (bench: Bench) => {
  await bench.send('PUT', path, bodyOf(endpoint, 'bench', bench));
};

/** Is done before each request, and not counted. */
export const before: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  'POST /v1/jobs/{id}/cancel': (bench) => newJob(bench),
  'POST /v1/jobs/{id}/hold': (bench) => newJob(bench),
  'POST /v1/jobs/{id}/release': (bench) => newJob(bench, 'hold'),
  'POST /v1/jobs/{id}/retry': (bench) => newJob(bench, 'cancel'),
  'DELETE /v1/rule-files/{name}': put('PUT /v1/rule-files/{name}', '/v1/rule-files/bench'),
  'GET /v1/budgets/{id}': put('PUT /v1/budgets/{id}', '/v1/budgets/bench'),
  'DELETE /v1/budgets/{id}': put('PUT /v1/budgets/{id}', '/v1/budgets/bench'),
  'DELETE /v1/tiers/{name}': put('PUT /v1/tiers/{name}', '/v1/tiers/bench'),
  async 'DELETE /v1/anomalies/events/{id}/feedback'(bench) {
    const path = `/v1/anomalies/events/${bench.idOf('anomalies/events') ?? ''}/feedback`;
    await put('PUT /v1/anomalies/events/{id}/feedback', path)(bench);
  },
};
