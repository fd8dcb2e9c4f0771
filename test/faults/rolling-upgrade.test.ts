import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { caughtUp, startConfiguredAgent, startTestRig } from '../fleet/test-rig.ts';
import { previousBuild } from '../support/previous-build.ts';
import { eventually, killAll, type RunningProcess } from '../support/processes.ts';
import { spooledTicks } from '../support/spooled-ticks.ts';
import { createApi, readLedger, thisBuild, type Api, type Build } from '../support/tarsier.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

afterEach(killAll);

const hosts = ['roll-a', 'roll-b'] as const;
const count = 3;
const told = z.object({
  because: z.string(),
  incident: z.object({ id: z.string(), title: z.string(), alerts: z.array(z.object({ id: z.string() })) }),
});

test('while three collectors of the commit before are replaced one after the other, and the new ones by those of before, no tick is missing, no answer fails, and each alert is told once', async (context) => {
  const before = await previousBuild(context);
  const receiver = await startWebhookReceiver();
  onTestFinished(() => receiver.close());
  const rig = await startTestRig(count, { TARSIER_LEASE_SECONDS: '3' }, undefined, before);
  const urls = rig.collectors.map(({ url }) => url);
  const key = rig.collectors[0]?.ingestKey ?? '';
  const adminKey = await rig.key('admin');
  const apis = urls.map((url) => createApi(url, adminKey));
  /** As a balancer does: whoever answers. @throws where nobody does */
  async function anyone<T>(ask: (api: Api) => Promise<T>): Promise<T> {
    const errors: unknown[] = [];
    for (const api of apis) {
      try {
        return await ask(api);
      } catch (error) {
        errors.push(error);
      }
    }
    throw new AggregateError(errors, errors.join('; '));
  }

  await anyone((api) => api.post('/v1/channels', { kind: 'webhook', name: 'ops', url: receiver.url }));
  await anyone((api) => api.post('/v1/routes', { name: 'all', togetherMs: 0, groupBy: ['alertname', 'host'] }));
  const selector = 'system_uptime_seconds{host=~"roll-.*"}';
  const rule = (name: string, forMs: number): Promise<unknown> =>
    anyone((api) => api.post('/v1/rules', { kind: 'threshold', name, selector, op: '>', value: 0, forMs }));
  await rule('Up', 0);

  const began = Date.now();
  const startAgent = (host: string, at: number, build: Build): Promise<RunningProcess> => {
    const [url, ...otherUrls] = [...urls.slice(at), ...urls.slice(0, at)];
    return startConfiguredAgent(rig, { host, url, otherUrls, key }, build);
  };
  /** One of each build, before collectors of each. */
  const agents = [
    { host: hosts[0], process: await startAgent(hosts[0], 0, before), next: thisBuild },
    { host: hosts[1], process: await startAgent(hosts[1], 1, thisBuild), next: before },
  ];
  /** How often an alert of the name has fired, by host. */
  const fired = async (name: string): Promise<Record<string, number>> => {
    const rows = await rig.sql<{ host: string; times: number }[]>`
      select body ->> 'host' as host, count(*)::int as times from alert
      where body ->> 'name' = ${name} and state <> 'pending' group by 1`;
    return Object.fromEntries(rows.map(({ host, times }) => [host, times]));
  };
  const onEachHost = Object.fromEntries(hosts.map((host) => [host, 1]));
  const allFired = (name: string): Promise<true> =>
    eventually(async () => (Object.keys(await fired(name)).length === hosts.length ? true : undefined));
  await allFired('Up');

  /** Asks all the time: what was there once is there always. */
  let asking = true;
  const failed: string[] = [];
  const asked = (async () => {
    const newest = new Map<string, number>();
    while (asking) {
      try {
        const end = Date.now();
        for (const { metric, points } of await anyone((api) => api.samples(selector, began, end))) {
          const host = metric['host'] ?? '';
          const time = points.at(-1)?.[0] ?? 0;
          if (time < (newest.get(host) ?? 0)) failed.push(`${host} ends at ${time}, was at ${newest.get(host)}`);
          newest.set(host, time);
        }
      } catch (error) {
        failed.push(String(error));
      }
      await sleep(200);
    }
  })();

  const steps = [thisBuild, before].flatMap((build) => Array.from({ length: count }, (_, at) => ({ at, build })));
  for (const [step, { at, build }] of steps.entries()) {
    // It has yet to hold for a while as the one that decides is replaced.
    await rule(`Later ${step}`, 3_000);
    await sleep(1_000);
    expect(await rig.collectors[at]?.end('SIGTERM')).toBe(0);
    await rig.restart(at, build);
    await allFired(`Later ${step}`);
  }
  asking = false;
  await asked;
  expect(failed).toEqual([]);

  const names = ['Up', ...steps.map((_, step) => `Later ${step}`)];
  for (const name of names) expect([name, await fired(name)]).toEqual([name, onEachHost]);
  const inTime = names.length * hosts.length;
  await eventually(async () => (receiver.received.length >= inTime ? true : undefined));
  // Whoever would tell it again has had the time to.
  await sleep(3_000);
  expect(new Set(receiver.arrivals.map((one) => one.key)).size).toBe(receiver.arrivals.length);
  const messages = z.array(told).parse(receiver.received);
  expect(messages.map(({ because }) => because)).toEqual(Array.from({ length: inTime }, () => 'first'));
  const alertIds = messages.flatMap(({ incident }) => incident.alerts.map(({ id }) => id));
  expect([alertIds.length, new Set(alertIds).size]).toEqual([inTime, inTime]);

  for (const [at, { host, process: first, next }] of agents.entries()) {
    await caughtUp(rig, host);
    expect(await first.end('SIGTERM')).toBe(0);
    // The other build goes on with its state.
    const second = await startAgent(host, at, next);
    await eventually(async () => (spooledTicks(second).length > 5 ? true : undefined));
    await caughtUp(rig, host);
    expect(await second.end('SIGTERM')).toBe(0);
    const { taken, sent, stored, dropped, crashes, state } = await readLedger(
      `${rig.folder}/collector-0`,
      host,
      rig.environment,
    );
    expect({ host, taken, sent, dropped, crashes }).toEqual({
      host,
      taken: stored,
      sent: stored,
      dropped: 0,
      crashes: 0,
    });
    expect(state).not.toBe('fault');
    // What they measured, and nothing else; each has said goodbye with one more, at which no series is.
    const ticks = [first, second].flatMap(spooledTicks);
    expect(ticks.length).toBeGreaterThan(50);
    const [series] = await anyone((api) => api.samples(`system_uptime_seconds{host="${host}"}`, began, Date.now()));
    expect(series?.points.map(([time]) => time)).toEqual(ticks);
  }
});
