import { afterAll, expect, test, vi } from 'vitest';
import { createRuleGroups, type RuleGroups } from '../alert/groups/rule-groups.ts';
import { createIngest, maxFutureMs } from '../ingest/ingest.ts';
import { testBatch } from '../ingest/testing.ts';
import { silentLog } from '../log.ts';
import { createEngine } from '../query/engine.ts';
import { createQuery } from '../query/query.ts';
import { createStorageReader } from '../query/storage-reader.ts';
import { createReceiver } from '../receivers/receiver.ts';
import { createRecorder } from '../receivers/recorder.ts';
import { maxBatchSpanMs } from '../storage/batches.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { storage } = server;
const engine = createEngine({ reader: createStorageReader({ query: createQuery({ storage }) }), log: silentLog });
const intervalMs = 10_000;
let tenants = 0;

/** A tenant of the test's own, whose host `web-1` is 9 % busy. */
async function startTenant() {
  const tenant = `rules-${++tenants}`;
  const scope = await storage.tenants.ensure(tenant);
  const [write, read, ingest] = await Promise.all(
    (['write', 'read', 'ingest'] as const).map((keyScope) => server.key(tenant, keyScope)),
  );
  const nowMs = Math.floor(Date.now() / 1000) * 1000;
  expect((await server.ingest(ingest ?? '', testBatch({ endMs: nowMs }))).status).toBe(204);
  const ask = (path: string, init: RequestInit = {}, key = write) =>
    fetch(`${server.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
  const put = (name: string, body: string) => ask(`/v1/rule-files/${name}`, { method: 'PUT', body });
  const at = async (query: string, time: number) => {
    const { data } = await engine.instant(scope, { query, time });
    if (data.kind !== 'vector') throw new Error(`expected a vector, got ${data.kind}`);
    return Object.fromEntries(data.samples.map(({ labels, value }) => [String(labels), value]));
  };
  /** Evaluates what is due at that time. @returns when it was due */
  const evaluate = async (time: number, groups: RuleGroups = server.ruleGroups): Promise<number> => {
    const before = groups.states(scope).map(({ evaluatedAt }) => evaluatedAt);
    const states = () => groups.states(scope).map(({ evaluatedAt }) => evaluatedAt);
    let tries = 0;
    const evaluated = (): void => {
      // Until it is taken: the evaluation before may be about to end, or the group was put so late that its first
      // one is due later.
      groups.tick(time + Math.floor(tries++ / 50) * 1_000);
      expect(states().every((slot, index) => slot > (before[index] ?? 0))).toBe(true);
    };
    await vi.waitFor(evaluated, { timeout: 20_000, interval: 10 });
    return Math.max(...states());
  };
  return { tenant, scope, nowMs, ask, put, read, ingest: ingest ?? '', at, evaluate };
}

const file = (rules: string) => `groups:\n- name: busy\n  interval: ${intervalMs / 1000}s\n  rules:\n${rules}`;

test('rules record series with exactly the labels of their results, and see those of the rules before them', async () => {
  const { put, ask, at, nowMs, evaluate, read } = await startTenant();
  const answer = await put(
    'busy.yaml',
    file(`
  - { record: "host:busy:percent", expr: "cpu_busy_ratio * 100" }
  - { record: "busy:percent:max", expr: "max(host:busy:percent)", labels: { unit: percent } }
  - { record: "broken", expr: "cpu_busy_ratio + on() group_left() {host=\\"web-1\\"}" }
  - { record: "answer", expr: 42 }
  - { alert: Busy, expr: "cpu_busy_ratio > 0.9", for: 1m }`),
  );
  expect([answer.status, await answer.json()]).toEqual([
    200,
    {
      name: 'busy.yaml',
      groups: 1,
      recording: 4,
      alerting: 1,
    },
  ]);
  const slot = await evaluate(nowMs + intervalMs);
  expect(await at('{__name__=~".*:.*|answer|broken"}', slot)).toEqual({
    'host:busy:percent{cpu="all", host="web-1"}': 9,
    'busy:percent:max{unit="percent"}': 9,
    answer: 42,
  });
  expect(await at('busy:percent:max', slot - 1)).toEqual({});
  // Nobody's series make no host.
  expect(await (await ask('/v1/hosts')).json()).toMatchObject({ hosts: [{ host: 'web-1' }] });
  expect(await (await ask('/prometheus/api/v1/series?match[]=busy:percent:max')).json()).toMatchObject({
    data: [{ __name__: 'busy:percent:max', unit: 'percent' }],
  });

  const rules = await (await ask('/prometheus/api/v1/rules?type=record', {}, read)).json();
  expect(rules).toMatchObject({
    status: 'success',
    data: {
      groups: [
        {
          name: 'busy',
          file: 'busy.yaml',
          interval: 10,
          lastEvaluation: new Date(slot).toISOString(),
          rules: [
            { type: 'recording', name: 'host:busy:percent', query: 'cpu_busy_ratio * 100', health: 'ok' },
            { type: 'recording', name: 'busy:percent:max', health: 'ok', labels: { unit: 'percent' } },
            {
              type: 'recording',
              name: 'broken',
              health: 'err',
              lastError: expect.stringContaining('duplicate series'),
            },
            { type: 'recording', name: 'answer', query: '42', health: 'ok' },
          ],
        },
      ],
    },
  });
  const alerts = await (await ask('/prometheus/api/v1/rules?type=alert&rule_group[]=busy', {}, read)).json();
  expect(alerts).toMatchObject({
    data: { groups: [{ rules: [{ type: 'alerting', name: 'Busy', duration: 60, health: 'ok', state: 'inactive' }] }] },
  });
  expect(await (await ask('/v1/rule-files')).json()).toMatchObject({
    files: [{ name: 'busy.yaml', groups: [{ name: 'busy', intervalMs, rules: 5, failing: 1, missed: 0 }] }],
  });
});

test('a series that a rule gives no more has ended, at once and for good', async () => {
  const { put, at, nowMs, evaluate, ingest, scope } = await startTenant();
  await put('a.yaml', file('  - { record: "busy:hosts", expr: "cpu_busy_ratio < 0.5" }'));
  const first = await evaluate(nowMs + intervalMs);
  expect(await at('busy:hosts', first)).toEqual({ 'busy:hosts{cpu="all", host="web-1"}': 0.09 });
  await server.ingest(ingest, testBatch({ endMs: first, seq: 1, busy: () => 0.7 }));
  const second = await evaluate(first + intervalMs);
  expect(await at('busy:hosts', second)).toEqual({});
  expect(await at('busy:hosts', second - 1)).toEqual({ 'busy:hosts{cpu="all", host="web-1"}': 0.09 });
  // Once: from then on there is nothing to end.
  await evaluate(second + intervalMs);
  const { data } = await engine.instant(scope, { query: 'count_over_time(busy:hosts[10m])', time: second + 20_000 });
  expect(data).toMatchObject({ samples: [{ value: 1 }] });
});

test('another collector goes on where the first was: no series twice, and what ended meanwhile is ended', async () => {
  const { put, at, nowMs, evaluate, ingest, scope } = await startTenant();
  await put(
    'a.yaml',
    file(`
  - { record: "kept", expr: "cpu_busy_ratio" }
  - { record: "lost", expr: "cpu_busy_ratio < 0.5" }`),
  );
  const first = await evaluate(nowMs + intervalMs);
  await server.ingest(ingest, testBatch({ endMs: first, seq: 1, busy: () => 0.7 }));

  const consumers = { consumers: [], watched: () => false, log: silentLog };
  const another = createIngest({ storage, ...consumers });
  const receiver = createReceiver({ ingest: another, maxSpanMs: maxBatchSpanMs, maxFutureMs, now: Date.now });
  const restarted = createRuleGroups({
    storage,
    engine,
    record: createRecorder({ receiver, maxAgeMs: 86_400_000 }),
    alerts: { save() {}, forget() {} },
    pageUrl: undefined,
    observer: { evaluated() {}, missed() {} },
    log: silentLog,
    now: Date.now,
  });
  await restarted.reload();
  const second = await evaluate(first + intervalMs, restarted);
  expect(second).toBe(first + intervalMs);
  expect(await at('{__name__=~"kept|lost"}', second)).toEqual({ 'kept{cpu="all", host="web-1"}': 0.7 });
  // The first one evaluates the same slot as well: the samples are the same.
  await evaluate(second);
  const { data } = await engine.instant(scope, { query: 'kept[1m]', time: second });
  expect(data).toMatchObject({ series: [{ times: Float64Array.of(first, second) }] });
  await restarted.close();
  await another.close();
});

test('evaluations that nobody had time for are counted, not made up for', async () => {
  const { put, at, nowMs, evaluate, ask } = await startTenant();
  await put('a.yaml', file('  - { record: "one", expr: 1 }'));
  const first = await evaluate(nowMs + intervalMs);
  const later = await evaluate(first + 5 * intervalMs);
  expect(later).toBe(first + 5 * intervalMs);
  expect(await (await ask('/v1/rule-files')).json()).toMatchObject({
    files: [{ groups: [{ missed: 4, missedAt: later }] }],
  });
  expect(await (await ask('/prometheus/api/v1/rules?rule_group[]=busy')).json()).toMatchObject({
    data: { groups: [{ missedEvaluations: 4 }] },
  });
  expect(await at('count_over_time(one[1h])', later)).toEqual({ '{}': 2 });
});

test('a rule file that is changed or deleted ends the series of the rules that it no longer has', async () => {
  const { put, at, nowMs, evaluate, ask } = await startTenant();
  await put('a.yaml', file('  - { record: "one", expr: 1 }\n  - { record: "two", expr: 2 }'));
  const slot = await evaluate(nowMs + intervalMs);
  await put('a.yaml', file('  - { record: "one", expr: 1 + 0 }'));
  const seen = (time: number) => at('{__name__=~"one|two"}', time);
  // Samples of the evaluation may be a little ahead of the clock here.
  const after = slot + 1;
  await vi.waitFor(async () => expect(await seen(Math.max(after, Date.now()))).toEqual({ one: 1 }), {
    timeout: 30_000,
  });
  const deleted = await ask('/v1/rule-files/a.yaml', { method: 'DELETE' });
  expect(deleted.status).toBe(204);
  expect(await seen(Math.max(slot + 2, Date.now()))).toEqual({});
  expect((await ask('/v1/rule-files/a.yaml', { method: 'DELETE' })).status).toBe(404);
  expect(await (await ask('/v1/rule-files')).json()).toEqual({ files: [] });
});

test('what was put comes back as it was, what is wrong is refused with its line, and nobody sees another’s', async () => {
  const { put, ask, read } = await startTenant();
  const text = '# mine\ngroups: []\n';
  expect((await put('a.yaml', text)).status).toBe(200);
  const got = await ask('/v1/rule-files/a.yaml', {}, read);
  expect([got.headers.get('content-type'), await got.text()]).toEqual(['application/yaml', text]);
  const wrong = await put('a.yaml', file('  - { record: one, expr: "1 +" }'));
  expect([wrong.status, await wrong.json()]).toMatchObject([
    400,
    {
      code: 'rules/file',
      field: 'groups[0].rules[0].expr',
      detail: 'line 5: groups[0].rules[0].expr: 1:4: parse error: unexpected end of input',
      retryable: false,
    },
  ]);
  expect(await (await ask('/v1/rule-files/a.yaml')).text()).toBe(text);
  expect((await put('no%2Fpath', text)).status).toBe(400);
  const reader = await ask('/v1/rule-files/b.yaml', { method: 'PUT', body: text }, read);
  expect(reader.status).toBe(403);
  const other = await startTenant();
  expect((await other.ask('/v1/rule-files/a.yaml')).status).toBe(404);
});

test('an alerting rule fires with its labels and annotations, is shown as in Prometheus, and ends with its series', async () => {
  const { put, ask, at, nowMs, evaluate, ingest, scope } = await startTenant();
  await put(
    'alerts.yaml',
    file(`
  - alert: Idle
    expr: cpu_busy_ratio < 0.5
    labels: { severity: page, cpus: "{{ $labels.cpu }}" }
    annotations:
      summary: "{{ $labels.host }} is at {{ $value | humanizePercentage }}"
      runbook_url: https://runbooks.example/idle
  - { record: "alerts:pages", expr: 'count(ALERTS{alertstate="firing",severity="page"})' }`),
  );
  const first = await evaluate(nowMs + intervalMs);
  const alerts = async () => (await storage.lists.alerts(scope, { limit: 10 })).items;
  await expect.poll(alerts).toMatchObject([
    {
      name: 'Idle',
      severity: 'page',
      host: 'web-1',
      metric: 'cpu_busy_ratio',
      labels: { host: 'web-1', cpu: 'all', cpus: 'all', severity: 'page' },
      reason: 'web-1 is at 9%',
      state: { kind: 'firing', since: first },
    },
  ]);
  expect(await (await ask('/prometheus/api/v1/rules?type=alert&rule_group[]=busy')).json()).toMatchObject({
    data: {
      groups: [
        {
          rules: [
            {
              name: 'Idle',
              state: 'firing',
              health: 'ok',
              alerts: [
                {
                  labels: { alertname: 'Idle', host: 'web-1', cpu: 'all', cpus: 'all', severity: 'page' },
                  annotations: { summary: 'web-1 is at 9%', runbook_url: 'https://runbooks.example/idle' },
                  state: 'firing',
                  value: '9e-02',
                },
              ],
            },
          ],
        },
      ],
    },
  });
  expect(await at('{__name__=~"ALERTS|alerts:pages"}', first)).toEqual({
    'ALERTS{alertname="Idle", alertstate="firing", cpu="all", cpus="all", host="web-1", severity="page"}': 1,
    'alerts:pages': 1,
  });
  await server.ingest(ingest, testBatch({ endMs: first, seq: 1, busy: () => 0.7 }));
  const second = await evaluate(first + intervalMs);
  await expect.poll(alerts).toMatchObject([{ state: { kind: 'resolved', resolvedAt: second } }]);
  expect(await at('ALERTS', second)).toEqual({});
});

test('a rule that is changed goes on with its alerts, and one that is deleted ends them', async () => {
  const { put, ask, nowMs, evaluate, scope } = await startTenant();
  await put('a.yaml', file('  - { alert: Idle, expr: "cpu_busy_ratio < 0.5" }'));
  const first = await evaluate(nowMs + intervalMs);
  const alerts = async () => (await storage.lists.alerts(scope, { limit: 10 })).items;
  await expect.poll(alerts).toMatchObject([{ state: { kind: 'firing', since: first } }]);
  await put('a.yaml', file('  - { alert: Idle, expr: "cpu_busy_ratio < 0.6" }'));
  await evaluate(first + intervalMs);
  expect(await alerts()).toMatchObject([{ state: { kind: 'firing', since: first } }]);
  await ask('/v1/rule-files/a.yaml', { method: 'DELETE' });
  await expect
    .poll(alerts)
    .toMatchObject([{ state: { kind: 'resolved' }, reason: expect.stringContaining('its rule was deleted') }]);
});

test('the rule lab answers over what is stored, and says what it can not do', async () => {
  const { ask, nowMs } = await startTenant();
  const tryRule = async (rule: object, more: object = {}) => {
    const body = JSON.stringify({ rule, start: nowMs - 20_000, end: nowMs, stepMs: 1_000, ...more });
    return ask('/v1/rule-lab', { method: 'POST', body });
  };
  const answer = await tryRule({
    kind: 'threshold',
    expr: 'cpu_busy_ratio',
    op: '>',
    values: [0.05, 0.5],
    name: 'Busy',
  });
  expect([answer.status, await answer.json()]).toMatchObject([
    200,
    {
      trials: [
        { value: 0.05, fired: 1, pages: [{ title: 'Busy on web-1', reason: 'first' }] },
        { value: 0.5, fired: 0, pages: [] },
      ],
    },
  ]);
  expect(await (await tryRule({ kind: 'expression', expr: 'max(' })).json()).toMatchObject({
    code: 'query/parse',
  });
  expect((await tryRule({ kind: 'expression', expr: 'up' }, { start: 0 })).status).toBe(400);
});
