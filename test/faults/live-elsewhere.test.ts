import { afterEach, expect, onTestFinished, test } from 'vitest';
import { connectTo } from '../../packages/collector/src/live/testing.ts';
import { startConfiguredAgent, startTestRig } from '../fleet/test-rig.ts';
import { spooledTicks } from '../support/spooled-ticks.ts';
import { eventually, killAll, type RunningProcess } from '../support/processes.ts';
import { createApi } from '../support/tarsier.ts';

afterEach(killAll);

const selector = 'system_uptime_seconds';

test('a page that is open at one of two collectors shows what comes in at the other, from before and from then on', async () => {
  const rig = await startTestRig(2, { TARSIER_LEASE_SECONDS: '3' });
  /** Kinds of what collectors tell each other. */
  const told: string[] = [];
  const listening = await rig.sql.listen('tarsier', (payload) => {
    const [, kind] = /\\"kind\\":\\"([a-z-]+)\\"/u.exec(payload) ?? [];
    if (kind !== undefined) told.push(kind);
  });
  onTestFinished(() => listening.unlisten());
  const agents = new Map<string, RunningProcess>();
  for (const [at, { url }] of rig.collectors.entries()) {
    const host = `at-${at}`;
    agents.set(host, await startConfiguredAgent(rig, { host, url, key: rig.collectors[0]?.ingestKey }));
  }
  const key = await rig.key('read');
  const api = createApi(rig.collectors[0]?.url ?? '', key);
  await eventually(async () => {
    const found = await api.samples(selector, Date.now() - 60_000, Date.now());
    return found.length === agents.size && found.every(({ points }) => points.length > 10) ? true : undefined;
  });
  // Nobody looks: the one that decides is told, and nobody else.
  expect(new Set(told)).not.toContain('watched');

  const pages = await Promise.all(
    rig.collectors.map(async ({ url }) => {
      const page = await connectTo(url);
      page.say({ type: 'hello', token: key });
      await page.said('welcome');
      page.say({ type: 'sub', id: 1, selector, windowMs: 300_000 });
      return page;
    }),
  );
  /** What a page was sent of a host, in the order in which it came. */
  const shown = (page: (typeof pages)[number], host: string): number[] => {
    const refs = new Set(
      page
        .ofType('series')
        .flatMap(({ series }) => series.flatMap((one) => (one.labels['host'] === host ? one.ref : []))),
    );
    return page.frames.flatMap(({ groups }) =>
      groups.flatMap(({ times, columns }) => (columns.some(({ ref }) => refs.has(ref)) ? [...times] : [])),
    );
  };
  const opened = Date.now();
  for (const page of pages) {
    for (const [host, agent] of agents) {
      await eventually(async () => (Math.max(...shown(page, host)) > opened + 3_000 ? true : undefined));
      const times = shown(page, host);
      const last = Math.max(...times);
      expect([...new Set(times)].toSorted((a, b) => a - b)).toEqual(spooledTicks(agent).filter((time) => time <= last));
    }
  }
  // Hosts are there wherever one asks.
  for (const { url } of rig.collectors) {
    const { hosts } = (await createApi(url, key).get('/v1/hosts')) as { hosts: { host: string; state: string }[] };
    expect(hosts.map(({ host, state }) => [host, state])).toEqual([...agents.keys()].map((host) => [host, 'up']));
  }
  for (const page of pages) page.say({ type: 'unsub', id: 1 });
  // Whoever was told so says no more.
  await eventually(async () => (told.at(-1) === 'batches' && told.at(-2) === 'batches' ? true : undefined));
  expect(told).toContain('watched');
});
