import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { caughtUp, startTestRig } from '../fleet/test-rig.ts';
import { eventually, killAll } from '../support/processes.ts';
import { createApi, readLedger, startAgent } from '../support/tarsier.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

afterEach(killAll);

const skewMs = 10_000;

/** Has a Node.js process believe that it is so much later. */
function withSkew(ms: number): Readonly<Record<string, string>> {
  const code = `const now = Date.now; Date.now = () => now() + ${ms};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

test('collectors whose clocks are twenty seconds apart decide in turn, and nobody is told twice or that it is over', async () => {
  const receiver = await startWebhookReceiver();
  onTestFinished(() => receiver.close());
  const skews = new Map<string, number>();
  const rig = await startTestRig(2, { TARSIER_LEASE_SECONDS: '3' }, (url) => {
    if (!skews.has(url)) skews.set(url, skews.size === 0 ? -skewMs : skewMs);
    return withSkew(skews.get(url) ?? 0);
  });
  const apis = await Promise.all(
    rig.collectors.map(async ({ url }) => ({ api: createApi(url, await rig.key('admin')), url })),
  );
  const [first] = apis;
  if (first === undefined) throw new Error('no collector');
  const hosts = ['skew-0', 'skew-1'];
  const agents = hosts.map((host, at) =>
    startAgent(apis[at]?.url ?? '', rig.collectors[0]?.ingestKey ?? '', `${rig.folder}/${host}`, {
      TARSIER_HOST: host,
      TARSIER_INTERVAL_MS: '500',
      TARSIER_FLUSH_MS: '1000',
    }),
  );
  const selector = 'system_uptime_seconds{host=~"skew-.*"}';
  // What is measured now is there for the one that is late, too.
  await eventually(async () => {
    const found = await first.api.samples(selector, Date.now() - 120_000, Date.now() - skewMs - 3_000);
    return found.length === hosts.length ? true : undefined;
  });
  await first.api.post('/v1/channels', { kind: 'webhook', name: 'ops', url: receiver.url });
  await first.api.post('/v1/routes', { name: 'all', togetherMs: 0, groupBy: ['alertname', 'host'] });
  const held = { kind: 'threshold', selector, op: '>', value: 0 };
  await first.api.post('/v1/rules', { ...held, name: 'Held', forMs: 2_000 });
  await first.api.post('/v1/rules', { kind: 'expression', name: 'Looked at', expr: `${selector} > 0`, everyMs: 1_000 });
  const told = (): string[] =>
    (receiver.received as readonly { readonly because: string; readonly incident: { readonly id: string } }[]).map(
      ({ because, incident }) => `${because} ${incident.id}`,
    );
  await eventually(async () => (told().length >= 2 * hosts.length ? true : undefined));

  for (const at of [0, 1, 0]) {
    expect(await rig.collectors[at]?.end('SIGTERM')).toBe(0);
    // The other decides for a while.
    await sleep(4_000);
    await rig.restart(at);
    await sleep(4_000);
  }
  expect(told().filter((one) => !one.startsWith('first '))).toEqual([]);
  expect([told().length, new Set(told()).size]).toEqual([2 * hosts.length, 2 * hosts.length]);
  const rows = await rig.sql<{ name: string; host: string; times: number }[]>`
    select body ->> 'name' as name, body ->> 'host' as host, count(*)::int as times from alert
    where body ->> 'name' in ('Held', 'Looked at') and state <> 'pending' group by 1, 2`;
  expect(rows.map(({ times }) => times)).toEqual([1, 1, 1, 1]);
  for (const [at, agent] of agents.entries()) {
    await caughtUp(rig, hosts[at] ?? '');
    expect(await agent.end('SIGTERM')).toBe(0);
    const { taken, sent, stored, dropped } = await readLedger(
      `${rig.folder}/collector-0`,
      hosts[at] ?? '',
      rig.environment,
    );
    expect({ taken, sent, dropped }).toEqual({ taken: stored, sent: stored, dropped: 0 });
  }
});
