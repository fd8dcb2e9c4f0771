import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { testAlert } from '../storage/testing-incidents.ts';
import { startProvider } from '../notify/testing-provider.ts';
import { createPeople } from './testing-people.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());

async function client(tenant: string) {
  const key = await server.key(tenant, 'write');
  return async (method: string, path: string, body?: unknown) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // Whatever the route answers: each test looks at what it needs.
    return {
      status: response.status,
      json: response.status === 204 ? {} : ((await response.json()) as Record<string, never>),
    };
  };
}

test('an incident is looked into by people, and its timeline says who did what', async () => {
  const call = await client('people');
  const scope = await server.storage.tenants.ensure('people');
  const alert = testAlert('a'.repeat(32), Date.now());
  await server.storage.alerts.save(scope, [alert]);
  const id = `i${'a'.repeat(31)}`;
  const act = (kind: string, body: object) => call('POST', `/v1/incidents/${id}/${kind}`, body);
  expect(await act('acknowledge', { by: 'ann' })).toMatchObject({
    status: 200,
    json: { status: 'open', acknowledged: { by: 'ann' } },
  });
  expect(await act('assign', { by: 'ann', assignee: 'bob' })).toMatchObject({ json: { assignee: 'bob' } });
  expect((await act('comment', { text: 'the disk is old' })).status).toBe(200);
  const until = Date.now() + 3_600_000;
  expect(await act('snooze', { by: 'ann', until })).toMatchObject({ json: { snoozedUntil: until } });
  expect((await act('unacknowledge', { by: 'ann' })).json).not.toHaveProperty('acknowledged');
  expect(await act('feedback', { verdict: 'useful' })).toMatchObject({ json: { feedback: 'useful' } });
  expect(await act('resolve', { by: 'bob' })).toMatchObject({ json: { status: 'resolved', closedBy: 'bob' } });
  const { json } = await call('GET', `/v1/incidents/${id}`);
  expect(json).toMatchObject({ incident: { id, title: 'Load on a', total: 1 }, notifications: [] });
  const timeline = json['timeline'] as unknown as { kind: string; by?: string; text: string }[];
  expect(timeline.filter(({ kind }) => kind === 'action').map(({ by, text }) => `${by ?? ''} ${text}`)).toEqual([
    'ann acknowledged',
    'ann assigned to bob',
    'test the disk is old',
    `ann snoozed until ${new Date(until).toISOString()}`,
    'ann no longer acknowledged',
    'test called useful',
    'bob closed',
  ]);
  expect((await call('GET', '/v1/incidents?status=open')).json).toEqual({ incidents: [] });
  expect(await call('GET', '/v1/notifications/unsent')).toMatchObject({
    json: { unsent: [{ reason: 'no-channel', told: false }] },
  });
  expect(await call('GET', '/v1/notifications/summary')).toMatchObject({
    json: { changes: 1, told: 0, noiseReduction: 0 },
  });
});

test('who acknowledges is named: a user by the address, the owner of a sign-in link, a program by its key', async () => {
  const { send, page, member } = createPeople(server, await server.key('named', 'admin'));
  const scope = await server.storage.tenants.ensure('named');
  await server.storage.alerts.save(scope, [testAlert('d'.repeat(32), Date.now())]);
  const acknowledge = async (headers: Readonly<Record<string, string>>) => {
    const { json } = await send(`POST /v1/incidents/i${'d'.repeat(31)}/acknowledge`, headers, {});
    return json['acknowledged'];
  };
  const { cookie } = await member('ann@named.example', 'editor', 'named');
  expect(await acknowledge(page(cookie))).toMatchObject({ by: 'ann@named.example' });
  const code = await server.storage.sessions.createSignInCode(scope, 60_000, Date.now());
  const owner = await send(`GET /sign-in?code=${code}`, {});
  expect(await acknowledge(page(owner.cookie))).toMatchObject({ by: 'local owner' });
  const key = await server.storage.keys.create(scope, { name: 'deploy bot', scope: 'write' });
  expect(await acknowledge({ authorization: `Bearer ${key}` })).toMatchObject({ by: 'deploy bot' });
});

test.each([
  ['POST', '/v1/incidents/none/acknowledge', {}, 404, 'http/not-found'],
  ['POST', '/v1/incidents/none/shout', {}, 400, 'http/body'],
  ['POST', '/v1/incidents/none/snooze', { until: 'later' }, 400, 'http/body'],
  ['GET', '/v1/incidents/none', undefined, 404, 'http/not-found'],
  ['POST', '/v1/silences', { matchers: ['host="a"'] }, 400, 'http/body'],
  ['POST', '/v1/silences', { matchers: ['host='], endsAt: 1 }, 400, 'query/parse'],
  ['POST', '/v1/silences', { matchers: ['host="a"} or {b="c"'], endsAt: 1 }, 400, 'query/parse'],
  ['POST', '/v1/routes', { name: 'x', hours: { timeZone: 'Mars/Olympus', times: [] } }, 400, 'http/body'],
  [
    'PUT',
    '/v1/inhibitions/none',
    { name: 'x', source: ['a="b"'], target: ['c="d"'], equal: [] },
    404,
    'http/not-found',
  ],
  ['DELETE', '/v1/routes/none', undefined, 404, 'http/not-found'],
])('%s %s with %j is refused', async (method, path, body, status, code) => {
  const call = await client('refused');
  expect(await call(method, path, body)).toMatchObject({ status, json: { code } });
});

test('routes, silences and inhibitions are made, changed, listed and deleted', async () => {
  const call = await client('policies');
  const made = await call('POST', '/v1/routes', { name: 'night', matchers: ['severity="info"'], channels: [] });
  expect(made).toMatchObject({ status: 201, json: { name: 'night', groupBy: ['alertname'], cooldownMs: 300_000 } });
  const path = `/v1/routes/${String(made.json['id'])}`;
  expect(await call('PUT', path, { name: 'day' })).toMatchObject({ status: 200, json: { name: 'day', matchers: [] } });
  expect(await call('GET', '/v1/routes')).toMatchObject({ json: { routes: [{ name: 'day' }] } });
  expect((await call('DELETE', path)).status).toBe(204);
  const silence = {
    matchers: ['host=~"db-.*"'],
    recurring: { timeZone: 'Europe/Berlin', times: [{ from: '22:00', to: '06:00' }] },
  };
  expect(await call('POST', '/v1/silences', silence)).toMatchObject({ status: 201 });
  expect(
    await call('POST', '/v1/inhibitions', { name: 'x', source: ['a="b"'], target: ['c="d"'], equal: 'series' }),
  ).toMatchObject({
    status: 201,
  });
  expect((await call('GET', '/v1/silences')).json['silences']).toHaveLength(1);
});

test('a channel is tried out and previewed, and tells nobody its secrets', async () => {
  const provider = await startProvider();
  try {
    const call = await client('channels');
    const channel = {
      kind: 'slack',
      name: 'ops',
      url: `${provider.url}/services/secret`,
      template: { title: '{{ alert }}!' },
    };
    const made = await call('POST', '/v1/channels', channel);
    expect(made.status).toBe(201);
    expect(await call('POST', `/v1/channels/${String(made.json['id'])}/test`, {})).toMatchObject({
      json: { delivered: true },
    });
    expect(provider.received).toMatchObject([{ path: '/services/secret', json: { text: 'Test of this channel!' } }]);
    expect(JSON.stringify([made.json, (await call('GET', '/v1/channels')).json])).not.toContain('secret');
    expect(await call('POST', '/v1/channels/preview', { channel })).toMatchObject({
      status: 200,
      json: { title: 'Test of this channel!', text: expect.stringContaining('above 0.9') },
    });
    const down = await call('POST', '/v1/channels', { ...channel, url: 'http://127.0.0.1:1/' });
    expect(await call('POST', `/v1/channels/${String(down.json['id'])}/test`, {})).toMatchObject({
      json: { delivered: false, error: expect.stringContaining('http://127.0.0.1:1 gave no answer') },
    });
    expect((await call('POST', '/v1/channels/none/test', {})).status).toBe(404);
  } finally {
    provider.close();
  }
});

test('where an alert would go: the first route that matches, whom it tells, and why nobody is told now', async () => {
  const call = await client('way');
  const made = await call('POST', '/v1/channels', { kind: 'webhook', name: 'ops', url: 'http://127.0.0.1:9/' });
  const ops = { id: String(made.json['id']), name: 'ops' };
  const people = [{ name: 'ann', channels: [ops.id] }];
  const rotation = await call('POST', '/v1/rotations', {
    name: 'night',
    timeZone: 'UTC',
    startsOn: '2026-01-01',
    people,
  });
  await call('POST', '/v1/routes', {
    name: 'databases',
    position: 10,
    matchers: ['host=~"db-.*"'],
    onCall: [rotation.json['id']],
    minSeverity: 'critical',
    escalation: [{ afterMs: 60_000, channels: [ops.id] }],
  });
  const way = (labels: Record<string, string>) => call('POST', '/v1/routes/preview', { labels });
  expect((await way({ alertname: 'Disk filling', host: 'db-1', severity: 'critical' })).json).toMatchObject({
    route: 'databases',
    channels: [{ ...ops, person: 'ann' }],
    escalation: [{ afterMs: 60_000, channels: [ops] }],
  });
  expect((await way({ host: 'db-1' })).json['held']).toMatchObject({ reason: 'severity' });
  expect((await way({ host: 'web-1' })).json).toEqual({
    routeId: 'default',
    route: 'default',
    channels: [ops],
    escalation: [],
  });
  await call('POST', '/v1/silences', { matchers: ['host="web-1"'], endsAt: Date.now() + 60_000 });
  expect((await way({ host: 'web-1' })).json['held']).toMatchObject({ reason: 'silenced' });
});

test('silences are made, found and ended as in Alertmanager', async () => {
  const call = await client('amtool');
  const path = '/alertmanager/api/v2';
  const matchers = [
    { name: 'alertname', value: 'Disk.*', isRegex: true, isEqual: true },
    { name: 'host', value: 'a"b', isRegex: false, isEqual: false },
  ];
  const [startsAt, endsAt] = [
    new Date(Date.now() - 1_000).toISOString(),
    new Date(Date.now() + 3_600_000).toISOString(),
  ];
  const posted = await call('POST', `${path}/silences`, {
    matchers,
    startsAt,
    endsAt,
    createdBy: 'ann',
    comment: 'new disk',
  });
  expect(posted.status).toBe(200);
  const id = String(posted.json['silenceID']);
  const shown = { id, status: { state: 'active' }, matchers, startsAt, endsAt, createdBy: 'ann', comment: 'new disk' };
  expect((await call('GET', `${path}/silences`)).json).toMatchObject([shown]);
  expect((await call('GET', `${path}/silences?filter=${encodeURIComponent('alertname=~"Disk.*"')}`)).json).toHaveLength(
    1,
  );
  expect((await call('GET', `${path}/silences?filter=${encodeURIComponent('alertname="Disk"')}`)).json).toEqual([]);
  // Alertmanager takes values without quotes, too.
  expect((await call('GET', `${path}/silences?filter=${encodeURIComponent('alertname=~Disk.*')}`)).json).toHaveLength(
    1,
  );
  expect((await call('GET', '/v1/silences')).json).toMatchObject({
    silences: [{ matchers: ['alertname=~"Disk.*"', 'host!="a\\"b"'] }],
  });
  const ended = await fetch(`${server.url}${path}/silence/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${await server.key('amtool', 'write')}` },
  });
  expect(ended.status).toBe(200);
  expect((await call('GET', `${path}/silence/${id}`)).json).toMatchObject({ status: { state: 'expired' } });
  expect((await fetch(`${server.url}${path}/silences`)).status).toBe(401);
});

test('people are on call by turns, somebody takes over, and it is known who is now and next', async () => {
  const call = await client('on-call');
  const channel = await call('POST', '/v1/channels', { kind: 'ntfy', name: 'ann', url: 'http://127.0.0.1:1/ann' });
  const channels = [String(channel.json['id'])];
  const rotation = {
    name: 'ops',
    timeZone: 'America/New_York',
    startsOn: '2026-11-02',
    people: [
      { name: 'ann', channels },
      { name: 'bob', channels: [] },
    ],
  };
  const made = await call('POST', '/v1/rotations', rotation);
  expect(made).toMatchObject({ status: 201, json: { handOverAt: '09:00', shiftDays: 7 } });
  const rotationId = String(made.json['id']);
  const at = Date.parse('2026-11-03T00:00:00Z');
  const second = Date.parse('2026-11-09T09:00:00-05:00');
  expect(await call('GET', `/v1/on-call?at=${at}`)).toMatchObject({
    status: 200,
    json: {
      at,
      rotations: [
        {
          id: rotationId,
          now: { person: 'ann', channels, from: Date.parse('2026-11-02T09:00:00-05:00'), to: second },
          next: { person: 'bob', from: second },
        },
      ],
    },
  });
  const override = await call('POST', '/v1/overrides', { rotationId, person: 'bob', from: at - 1, to: at + 3_600_000 });
  expect(override.status).toBe(201);
  expect((await call('GET', `/v1/on-call?at=${at}`)).json['rotations']).toMatchObject([
    { now: { person: 'bob', override: override.json['id'] }, next: { person: 'ann', from: at + 3_600_000 } },
  ]);
  const shifts = await call('GET', `/v1/rotations/${rotationId}/shifts?from=${at}&to=${second + 1}`);
  expect(shifts.json['shifts']).toMatchObject([{ person: 'bob' }, { person: 'ann' }, { person: 'bob' }]);
  const stranger = await client('on-call-stranger');
  expect((await stranger('GET', '/v1/on-call')).json['rotations']).toEqual([]);
  expect((await stranger('GET', `/v1/rotations/${rotationId}/shifts`)).status).toBe(404);
  const route = await call('POST', '/v1/routes', { name: 'ops', escalation: [{ afterMs: 1, onCall: [rotationId] }] });
  expect(route).toMatchObject({ status: 201, json: { escalation: [{ channels: [], onCall: [rotationId] }] } });
  for (const [path, body, field] of [
    ['/v1/routes', { name: 'x', escalation: [{ afterMs: 1, onCall: ['gone'] }] }, 'onCall'],
    ['/v1/routes', { name: 'x', escalation: [{ afterMs: 1 }] }, 'escalation.0.channels'],
    ['/v1/rotations', { ...rotation, startsOn: '2026-02-30' }, 'startsOn'],
    ['/v1/rotations', { ...rotation, timeZone: 'Mars/Olympus' }, 'timeZone'],
    ['/v1/rotations', { ...rotation, people: [{ name: 'ann', channels: ['gone'] }] }, 'people'],
    ['/v1/overrides', { rotationId: 'gone', person: 'bob', from: 1, to: 2 }, 'rotationId'],
    ['/v1/overrides', { rotationId, person: 'dan', from: 1, to: 2 }, 'person'],
    ['/v1/overrides', { rotationId, person: 'bob', from: 2, to: 1 }, 'to'],
  ] as const) {
    expect(await call('POST', path, body)).toMatchObject({ status: 400, json: { field } });
  }
});

test('incidents are listed by priority, each with the arithmetic of its own', async () => {
  const call = await client('urgent');
  const scope = await server.storage.tenants.ensure('urgent');
  const since = Date.now();
  const severities = { a: 'info', b: 'page', c: 'warning' } as const;
  for (const [letter, severity] of Object.entries(severities)) {
    const alert = testAlert(letter.repeat(32), since, {
      severity,
      name: `Alert ${letter}`,
      host: letter,
      ruleId: letter,
    });
    await server.storage.alerts.save(scope, [alert]);
  }
  const id = `i${'a'.repeat(31)}`;
  await call('POST', `/v1/incidents/${id}/comment`, { text: 'x' });
  const listed = await call('GET', '/v1/incidents?sort=priority');
  const incidents = z
    .array(
      z.object({
        severity: z.string(),
        priority: z.object({ score: z.number(), parts: z.array(z.object({ points: z.number() })) }),
      }),
    )
    .parse(listed.json['incidents']);
  expect(incidents.map(({ severity }) => severity)).toEqual(['page', 'warning', 'info']);
  for (const { priority } of incidents) {
    const sum = priority.parts.reduce((total, { points }) => total + points, 0);
    expect(Math.abs(sum - priority.score)).toBeLessThanOrEqual(0.5);
  }
});
