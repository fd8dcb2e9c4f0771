/**
 * `pnpm bench api [HOSTS] [HOURS] [REQUESTS] [PATTERN]`: how long each endpoint, or each that the pattern is found in, takes on the
 * reference data, and what it costs the server. The list is that of the OpenAPI document that the collector serves, so that a new endpoint is in it by itself.
 */
import { Agent, request } from 'node:http';
import { z } from 'zod';
import { percentile } from '../../test/support/percentile.ts';
import { treeCpu } from '../proc-cpu.ts';
import { benchFolder } from '../servers/server.ts';
import { openTarsier } from '../servers/tarsier.ts';
import { before, bodyOf, password, type Bench } from './bodies.ts';
import { writeReference } from './reference.ts';

const [hosts = 100, hours = 24, requests = 100] = process.argv.slice(3, 6).map(Number);
const pattern = new RegExp(process.argv[6] ?? '', 'u');
const asked = { GET: requests, other: Math.ceil(requests / 5), warmUp: 20 };
/** Of each kind of thing that can be made over the API. */
const made = 30;
const targetMs = 20;
/** Takes its time on purpose: scrypt. */
const deliberate = new Set(['POST /v1/sign-in', 'PUT /v1/account/password']);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const folder = benchFolder();
const reference = await writeReference(folder.path, hosts, hours);
const server = await openTarsier({ folder });
const key = await server.key('operator');
/** What is about users is for one who is signed in. */
const ofUsers = /^\/v1\/(?:account|sessions?\b|sign-in-policy)/u;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let cookie = '';

const send: Bench['send'] = (method, path, body, { bearer = key } = {}) => {
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      server.url + path,
      {
        method,
        agent,
        headers: {
          ...(ofUsers.test(path) ? { cookie, origin: server.url } : { authorization: `Bearer ${bearer}` }),
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
};

/** Somebody who has been invited, and is an owner. */
async function signIn(): Promise<string> {
  const invited = await send('POST', '/v1/invitations', { email: 'bench@shop.example', role: 'owner' });
  const [, token = ''] = /"token":"([^"]+)"/u.exec(invited.text) ?? [];
  const answer = await fetch(`${server.url}/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ token, name: 'Bench', password }),
  });
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}
cookie = await signIn();

/** What would end the run, opens a stream without an end, waits for somebody else's server, or is another benchmark. */
const left = new Set([
  'POST /v1/channels/{id}/test',
  'DELETE /v1/session',
  'GET /v1/live',
  'POST /v1/ingest',
  'POST /v1/metrics',
]);
const document = z
  .object({
    paths: z.record(z.string(), z.record(z.string(), z.object({ parameters: z.array(z.unknown()).optional() }))),
  })
  .parse(JSON.parse((await send('GET', '/v1/openapi.json')).text));
const endpoints = Object.entries(document.paths)
  .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
  .filter((endpoint) => !left.has(endpoint));

/** Ids by resource: the newest first. */
const ids = new Map<string, string[]>();
const bench: Bench = { send, idOf: (resource) => ids.get(resource)?.[0], ...reference };
const resourceOf = (path: string): string =>
  path
    .split('/')
    .slice(2, path.includes('anomalies/events/') ? 4 : 3)
    .join('/');
function remember(path: string, text: string): void {
  const found = [...text.matchAll(/"id":"([^"]+)"/gu)].map(([, id = '']) => id);
  const resource = resourceOf(path);
  if (found.length > 0) ids.set(resource, [...new Set([...found, ...(ids.get(resource) ?? [])])]);
}

async function make(endpoint: string, name: string): Promise<boolean> {
  const [method = '', path = ''] = endpoint.split(' ');
  const { status, text } = await send(method, path, bodyOf(endpoint, name, bench));
  if (status !== 201) return false;
  const [, id] = /"id":"([^"]+)"/u.exec(text) ?? [];
  if (id !== undefined) ids.set(resourceOf(path), [id, ...(ids.get(resourceOf(path)) ?? [])]);
  return true;
}

const second = (ms: number): string => String(ms / 1_000);
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
/** As a page asks: the last hour, in steps of a minute. */
const query = new URLSearchParams([
  ['query', 'bench_2{host="bench-0001"}'],
  ['match[]', 'bench_2{host="bench-0001"}'],
  ['start', second(reference.endMs - 3_600_000)],
  ['end', second(reference.endMs)],
  ['step', '60'],
  ['horizon', '1h'],
  ['from', day(reference.endMs - 7 * 86_400_000)],
  ['to', day(reference.endMs)],
]).toString();

/** Its own measurement, where the same name means something else. */
function queryOf(path: string): string {
  if (path.endsWith('/shifts')) return '';
  return query;
}

let hostTurn = 0;
function addressOf(path: string, hostOf = () => Math.floor(Math.random() * hosts)): string {
  return path.replaceAll(/\{(\w+)\}/gu, (_, name: string) => {
    if (name === 'host') return `bench-${String(hostOf()).padStart(4, '0')}`;
    if (name === 'format') return 'csv';
    if (name === 'kind') return 'comment';
    if (name === 'name') return 'bench';
    return ids.get(resourceOf(path))?.[0] ?? 'bench';
  });
}

const serverCpu = (): number => [...treeCpu(server.pid).values()].reduce((sum, one) => sum + one, 0);

interface Row {
  readonly endpoint: string;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMs: number;
  readonly statuses: string;
  readonly bytes: number;
  /** Why it was not done. */
  readonly refusal: string;
}

async function measure(endpoint: string): Promise<Row> {
  const [method = '', path = ''] = endpoint.split(' ');
  const times: number[] = [];
  const statuses = new Set<number>();
  const creation = `POST ${path.replace(/\/\{\w+\}.*$/u, '')}`;
  let cpuS = 0;
  let bytes = 0;
  let refusal = '';
  const count = method === 'GET' ? asked.GET : asked.other;
  let cpuBefore = serverCpu();
  const uncounted = async (work: Promise<unknown>): Promise<void> => {
    cpuS += serverCpu() - cpuBefore;
    await work;
    cpuBefore = serverCpu();
  };
  for (let index = -asked.warmUp; index < count; index++) {
    // Each is deleted once: what is to be deleted is made before, and not counted.
    if (method === 'DELETE' && path.includes('{id}') && endpoints.includes(creation)) {
      await uncounted(make(creation, `bench ${index}`));
    }
    const prepare = before[endpoint];
    if (prepare !== undefined) await uncounted(prepare(bench));
    if (path.startsWith('/v1/jobs/{id}') && prepare !== undefined) {
      await uncounted(send('GET', '/v1/jobs?limit=1').then(({ text }) => remember('/v1/jobs/', text)));
    }
    if (index === 0) [cpuS, cpuBefore] = [0, serverCpu()];
    const body = /^(?:GET|DELETE)$/u.test(method) ? undefined : bodyOf(endpoint, `bench ${index}`, bench);
    // Each is deleted once.
    const address = `${addressOf(path, method === 'DELETE' ? () => hostTurn++ : undefined)}${method === 'GET' ? `?${queryOf(path)}` : ''}`;
    const began = performance.now();
    const { status, text } = await send(method, address, body);
    if (index < 0) continue;
    times.push(performance.now() - began);
    statuses.add(status);
    if (status >= 400) refusal = text;
    bytes = text.length;
  }
  cpuS += serverCpu() - cpuBefore;
  return {
    endpoint,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    cpuMs: (cpuS / count) * 1_000,
    statuses: [...statuses].join(' '),
    bytes,
    refusal,
  };
}

try {
  // Who is told, before those who are named by it.
  const first = ['POST /v1/channels', 'POST /v1/rotations'];
  for (const endpoint of [...first, ...endpoints.filter((one) => !first.includes(one))]) {
    const [method = '', path = ''] = endpoint.split(' ');
    if (method !== 'POST' || path.includes('{') || path === '/v1/enrol') continue;
    for (let index = 0; index < made; index++) if (!(await make(endpoint, `reference ${index}`))) break;
  }
  // What is put under a name that one chooses.
  for (const endpoint of endpoints) {
    const [method = '', path = ''] = endpoint.split(' ');
    if (method === 'PUT') await send(method, addressOf(path), bodyOf(endpoint, 'bench', bench));
  }
  for (const resource of ['incidents', 'anomalies/events', 'jobs', 'rebalances']) {
    const range = resource.startsWith('anomalies') ? `?${query}` : '';
    remember(`/v1/${resource}/`, (await send('GET', `/v1/${resource}${range}`)).text);
  }
  const rows: Row[] = [];
  // What deletes comes last.
  const order = endpoints.toSorted((a, b) => Number(a.startsWith('DELETE')) - Number(b.startsWith('DELETE')));
  for (const endpoint of order) {
    if (!pattern.test(endpoint)) continue;
    const row = await measure(endpoint);
    rows.push(row);
    process.stderr.write(`${endpoint}: p99 ${row.p99.toFixed(1)} ms ${row.refusal}\n`);
  }
  say(
    `${hosts} hosts, ${hours} h at 10 s; ${asked.GET} requests each, ${asked.other} of those that change something\n`,
  );
  say('| endpoint | p50 ms | p99 ms | server CPU ms | status | bytes |');
  say('| --- | --- | --- | --- | --- | --- |');
  for (const { endpoint, p50, p99, cpuMs, statuses, bytes } of rows.toSorted((a, b) => b.p99 - a.p99)) {
    say(`| ${endpoint} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${cpuMs.toFixed(1)} | ${statuses} | ${bytes} |`);
  }
  const answered = rows.filter(({ refusal }) => refusal === '');
  const slow = answered.filter(({ endpoint, p99 }) => p99 >= targetMs && !deliberate.has(endpoint));
  say(`\n${answered.length} endpoints, ${slow.length} with a p99 of ${targetMs} ms or more`);
  // What jobs find in weeks, and who else is signed in: not here.
  const refused = rows.filter(({ refusal }) => refusal !== '').map(({ endpoint }) => endpoint);
  say(
    `${refused.length} that had nothing to work on, and so were measured as far as their refusal: ${refused.join(', ')}`,
  );
} finally {
  agent.destroy();
  await server.stop();
}
