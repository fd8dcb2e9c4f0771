/**
 * Two collectors over one PostgreSQL and real agents, to which bad things happen by a seed's order: killed, stood still,
 * restarted, cut off, no room on the disk. At the end all is well again, and the delivery ledger has to add up, each job has
 * run once, and nobody was told twice.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { treeCpu } from '../../../bench/proc-cpu.ts';
import { signal, startRig } from '../../fleet/rig.ts';
import { eventually, run, type RunningProcess } from '../../support/processes.ts';
import { createApi, readLedger, type LedgerSums } from '../../support/tarsier.ts';
import { startWebhookReceiver } from '../../support/webhook-receiver.ts';
import { openLine } from './line.ts';
import { startProxy } from './proxy.ts';
import { startSubmitter, sumsOf, type JobSums } from './submitter.ts';

export interface ChaosReport {
  /** What was done, how often. */
  readonly faults: Readonly<Record<string, number>>;
  readonly ledgers: Readonly<Record<string, LedgerSums>>;
  /** Alerts that fired, by host and how often: of a rule that holds all the time. */
  readonly alerts: Readonly<Record<string, number>>;
  /** Notifications that are not known to be the same by their keys, by what they are about. */
  readonly told: readonly string[];
  /** Those that came more than once under one key. */
  readonly again: number;
  /** Of the jobs that were submitted all the time. */
  readonly jobs: JobSums & { readonly submitted: number };
}

const hosts = ['chaos-a', 'chaos-b', 'chaos-c'] as const;
/** The one whose spool is on a disk of its own, where that can be mounted. */
const onSmallDisk = 'chaos-c';
/** The one that is on a machine of its own, where one can be made of a network namespace. */
const onLine = 'chaos-a';
const smallDisk = '2m';
const shell = promisify(execFile);

export async function chaos({
  seconds,
  seed,
  say = () => {},
}: {
  readonly seconds: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}): Promise<ChaosReport> {
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] ?? (list[0] as T);
  const receiver = await startWebhookReceiver();
  const rig = await startRig(2, { TARSIER_LEASE_SECONDS: '3' });
  const proxies = await Promise.all(rig.collectors.map(({ url }) => startProxy(new URL(url))));
  const line = await openLine();
  const lineProxies =
    line === undefined ? [] : await Promise.all(rig.collectors.map(({ url }) => startProxy(new URL(url), line.near)));
  const key = rig.collectors[0]?.ingestKey ?? '';
  const faults: Record<string, number> = {};
  const agents = new Map<string, RunningProcess>();
  let mounted = false;
  const filler = `${rig.folder}/disk/filler`;

  async function startAgent(host: string): Promise<void> {
    const far = host === onLine && line !== undefined;
    const ways = far ? lineProxies : proxies;
    const [first = '', second = ''] = (host === 'chaos-b' ? ways.toReversed() : ways).map(({ url }) => url);
    const config = `${rig.folder}/${host}.yaml`;
    const settings = { url: first, otherUrls: [second], key, host, intervalMs: 200, flushMs: 1_000 };
    const spool = host === onSmallDisk && mounted ? { spool: `${rig.folder}/disk/spool`, spoolBytes: 1_048_576 } : {};
    await writeFile(config, JSON.stringify({ ...settings, ...spool }));
    const environment = { TARSIER_STATE: `${rig.folder}/${host}`, TARSIER_LOG: 'warn' };
    const args = ['run', '--config', config];
    agents.set(host, run('packages/agent/src/main.ts', args, environment, [], far ? line.command : []));
  }

  const actions: Readonly<Record<string, () => Promise<void>>> = {
    async 'collector killed'() {
      const at = pick([0, 1]);
      await rig.collectors[at]?.end('SIGKILL');
      await sleep(random() * 2_000);
      await rig.restart(at);
    },
    async 'collector replaced'() {
      const at = pick([0, 1]);
      await rig.collectors[at]?.end('SIGTERM');
      await rig.restart(at);
    },
    async 'collector stands still'() {
      await standStill([rig.collectors[pick([0, 1])]?.pid ?? 0], 1_000 + random() * 5_000);
    },
    async 'database stands still'() {
      await standStill([rig.databasePid], 1_000 + random() * 3_000);
    },
    async 'database killed'() {
      await rig.killDatabase(random() * 3_000);
    },
    async 'agent killed'() {
      const host = pick(hosts);
      await agents.get(host)?.end('SIGKILL');
      await startAgent(host);
    },
    async 'agent stands still'() {
      await standStill([agents.get(pick(hosts))?.pid ?? 0], 1_000 + random() * 4_000);
    },
    async 'cut off'() {
      const at = pick([0, 1]);
      const all = [...proxies, ...lineProxies];
      const cut = random() < 0.3 ? all : all.filter((_, index) => index % 2 === at);
      for (const proxy of cut) proxy.cut(random() < 0.5);
      await sleep(1_000 + random() * 4_000);
      for (const proxy of cut) proxy.heal();
    },
    async 'cable pulled'() {
      await line?.unplug(1_000 + random() * 4_000, random() < 0.5);
    },
    async 'disk full'() {
      if (!mounted) return;
      // Until nothing more fits.
      await shell('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k']).catch(() => {});
      await sleep(1_000 + random() * 3_000);
      await shell('rm', ['-f', filler]);
    },
  };

  try {
    await mkdir(`${rig.folder}/disk`);
    mounted = await shell('mount', ['-t', 'tmpfs', '-o', `size=${smallDisk}`, 'tmpfs', `${rig.folder}/disk`]).then(
      () => true,
      () => false,
    );
    if (!mounted) say('no small disk could be mounted: none is filled');
    if (line === undefined) say('no network namespace could be made: no cable is pulled');
    const adminKey = await rig.key('admin');
    const api = createApi(rig.collectors[0]?.url ?? '', adminKey);
    await api.post('/v1/channels', { kind: 'webhook', name: 'ops', url: receiver.url });
    await api.post('/v1/routes', { name: 'all', togetherMs: 0 });
    const selector = 'system_uptime_seconds{host=~"chaos-.*"}';
    await api.post('/v1/rules', { kind: 'threshold', name: 'Up', selector, op: '>', value: 0 });
    for (const host of hosts) await startAgent(host);
    const alerts = async (): Promise<Record<string, number>> => {
      const rows = await rig.sql<{ host: string; times: number }[]>`
        select body ->> 'host' as host, count(*)::int as times from alert
        where body ->> 'name' = 'Up' and state <> 'pending' group by 1`;
      return Object.fromEntries(rows.map(({ host, times }) => [host, times]));
    };
    await eventually(async () => (Object.keys(await alerts()).length === hosts.length ? true : undefined));
    const submitter = startSubmitter(
      rig.collectors.map(({ url }) => url),
      adminKey,
      `chaos ${seed}`,
    );

    // Each at least once, if there is time.
    const names = Object.keys(actions).toSorted(() => random() - 0.5);
    const end = Date.now() + seconds * 1_000;
    for (let turn = 0; Date.now() < end; turn++) {
      const name = names[turn] ?? pick(names);
      const began = Date.now();
      await actions[name]?.();
      faults[name] = (faults[name] ?? 0) + 1;
      say(`${name} (${((Date.now() - began) / 1_000).toFixed(1)} s)`);
      await sleep(random() * 1_000);
    }

    // All is well from here on: what waits is sent, and each agent tells its account as it ends.
    const submitted = await submitter.end();
    const jobs = await eventually(async () => {
      const sums = await sumsOf(rig.sql, submitted);
      return sums.succeeded === submitted.length ? sums : undefined;
    }, 120_000);
    const fired = await alerts();
    const messages = receiver.received as readonly {
      readonly because: string;
      readonly incident: { readonly title: string };
    }[];
    const ledgers: Record<string, LedgerSums> = {};
    for (const host of hosts) {
      ledgers[host] = await eventually(async () => {
        await agents.get(host)?.end('SIGTERM');
        const sums = await readLedger(`${rig.folder}/collector-0`, host, rig.environment);
        if (sums.sent === sums.stored && sums.taken === sums.stored + sums.dropped) return sums;
        // What it could not send within its last seconds goes with the next one.
        await startAgent(host);
        await sleep(3_000);
        throw new Error(`${host}: ${JSON.stringify(sums)}`);
      }, 120_000);
    }
    const keys = receiver.arrivals.map(({ key }) => key);
    const first = messages.filter((_, at) => keys.indexOf(keys[at] ?? '') === at);
    return {
      faults,
      ledgers,
      alerts: fired,
      told: first.map(({ because, incident }) => `${because} ${incident.title}`),
      again: keys.length - new Set(keys).size,
      jobs: { submitted: submitted.length, ...jobs },
    };
  } finally {
    for (const agent of agents.values()) await agent.end('SIGKILL');
    for (const proxy of [...proxies, ...lineProxies]) proxy.close();
    await line?.remove();
    if (mounted) await shell('umount', ['-l', `${rig.folder}/disk`]).catch(() => {});
    await rig.stop();
    receiver.close();
  }
}

/** Stops processes, and all that they have started, for a while. */
async function standStill(roots: readonly number[], ms: number): Promise<void> {
  const pids = roots.flatMap((root) => [...treeCpu(root).keys()]);
  for (const pid of pids) signal(pid, 'SIGSTOP');
  await sleep(ms);
  for (const pid of pids) signal(pid, 'SIGCONT');
}

/** 0 <= number < 1; the same ones for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
