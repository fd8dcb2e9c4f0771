/**
 * Watches this host for a while, then gives it four faults of 30 s, one after the other, and says what a collector and
 * an agent at their defaults made of it: `pnpm test:host-faults [MINUTES]`, 30 minutes unless told otherwise. Only what
 * an idle machine says counts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnomalyEvent } from '@tarsier/protocol';
import { freePort, killAll, run, temporaryFolder } from '../test/support/processes.ts';
import { createApi, createKey, startAgent, startCollector } from '../test/support/tarsier.ts';

const minuteMs = 60_000;
const faultMs = 30_000;
const pauseMs = 2 * minuteMs;
const warmupMs = 90_000;
const pollMs = 250;
const top = 3;

const minutes = Number(process.argv[2] ?? 30);
const folder = await temporaryFolder();
try {
  const data = `${folder.path}/data`;
  const collector = await startCollector(data, await freePort());
  // As while somebody looks at the host: each second is sent at once.
  const agent = startAgent(collector.url, collector.ingestKey, `${folder.path}/agent`, {
    TARSIER_HOST: 'host',
    TARSIER_FLUSH_MS: '1000',
  });
  const api = createApi(collector.url, await createKey(data, 'read'));
  const events = async (start: number): Promise<readonly AnomalyEvent[]> => {
    const path = `/v1/anomalies/events?start=${start / 1000}&end=${Date.now() / 1000 + 10}`;
    return ((await api.get(path)) as { events: readonly AnomalyEvent[] }).events;
  };
  const say = (line: string): void => void process.stdout.write(`${line}\n`);

  await sleep(warmupMs);
  const began = Date.now();
  await sleep(minutes * minuteMs);
  const quiet = await events(began);
  say(`${minutes} minutes: ${quiet.length} events`);
  for (const { reason } of quiet) say(`  ${reason}`);

  for (const kind of ['cpu', 'memory', 'disk', 'network']) {
    const fault = run('test/support/host-fault.ts', [kind], {});
    await fault.lineThat((line) => (line === 'begun' ? true : undefined));
    const at = Date.now();
    let found: AnomalyEvent | undefined;
    let afterMs = 0;
    while (Date.now() - at < faultMs) {
      await sleep(pollMs);
      if (found !== undefined) continue;
      [found] = await events(at);
      afterMs = Date.now() - at;
    }
    await fault.end('SIGTERM');
    await sleep(pauseMs / 2);
    const all = await events(at - 1000);
    const names = all.at(-1)?.contributors.slice(0, top) ?? [];
    const series = names.map(({ metric, labels }) => `${metric}${JSON.stringify(labels)}`).join(', ');
    say(
      found === undefined
        ? `${kind}: not found`
        : `${kind}: known after ${(afterMs / 1000).toFixed(1)} s, ${all.length} event(s); on top ${series}`,
    );
    await sleep(pauseMs / 2);
  }
  await agent.end('SIGTERM');
  await collector.end('SIGTERM');
} finally {
  killAll();
  await folder.remove();
}
