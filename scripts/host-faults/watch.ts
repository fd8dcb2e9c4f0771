/** A collector and an agent at their defaults on this host: first while it is quiet, then through four faults. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnomalyEvent } from '@tarsier/protocol';
import { freePort, killAll, run, temporaryFolder } from '../../test/support/processes.ts';
import { createApi, createKey, startAgent, startCollector } from '../../test/support/tarsier.ts';
import { faultKinds, findingOfQuiet, findingsOfFaults, type FaultKind, type Finding, type Told } from './findings.ts';
import { startRecorder, type RecordedFault } from './recording.ts';

const minuteMs = 60_000;
/** A series is judged from its 61st sample on. */
const settleMs = 65_000;
const faultMs = 30_000;
/** After a fault what it left goes on for a while: until there is no open event, within these. */
const calm = { leastMs: 10_000, mostMs: 60_000 } as const;
/** A fault that has not begun by then does not begin. */
const beginMs = 10_000;
const pollMs = 250;

export interface WatchOptions {
  readonly minutes: number;
  readonly withFaults: boolean;
  /** File that all that the agent ships is kept in. */
  readonly record: string | undefined;
  readonly say: (line: string) => void;
}

export async function watchHost({ minutes, withFaults, record, say }: WatchOptions): Promise<readonly Finding[]> {
  const folder = await temporaryFolder();
  try {
    const data = `${folder.path}/data`;
    const collector = await startCollector(data, await freePort());
    const recorder = record === undefined ? undefined : await startRecorder(collector.url, record);
    const agent = startAgent(recorder?.url ?? collector.url, collector.ingestKey, `${folder.path}/agent`, {
      TARSIER_HOST: 'host',
      // As while somebody looks at the host: each second is sent at once.
      TARSIER_FLUSH_MS: '1000',
    });
    const abandon = (): void => {
      void Promise.all([agent.end('SIGTERM'), collector.end('SIGTERM')]).then(() => process.exit(130));
    };
    process.once('SIGINT', abandon).once('SIGTERM', abandon);
    const events = createEvents(createApi(collector.url, await createKey(data, 'read')), say);

    await events.watchFor(settleMs);
    const settledAt = Date.now();
    recorder?.note({ settledAt });
    say(`${clock()} watching for ${minutes} minutes`);
    await events.watchFor(minutes * minuteMs);
    const quietUntil = Date.now();

    const faults: RecordedFault[] = [];
    for (const kind of withFaults ? faultKinds : []) {
      await events.watchUntilCalm();
      try {
        const fault = await makeFault(kind, events, say);
        faults.push(fault);
        recorder?.note({ fault });
      } catch (error) {
        // The others are worth knowing all the same; this one counts as not found.
        say(`${clock()} ${kind}: ${String(error)}`);
        faults.push({ kind, begin: Date.now(), end: Date.now() });
      }
    }
    if (withFaults) await events.watchFor(calm.leastMs);
    const told = events.told();
    await agent.end('SIGTERM');
    recorder?.close();
    await collector.end('SIGTERM');
    return [findingOfQuiet(told, settledAt, quietUntil), ...findingsOfFaults(told, faults)];
  } finally {
    killAll();
    await folder.remove();
  }
}

async function makeFault(kind: FaultKind, events: Events, say: (line: string) => void): Promise<RecordedFault> {
  const fault = run('test/support/host-fault.ts', [kind], {});
  const hasBegun = fault.lineThat((line) => (line === 'begun' ? true : undefined));
  await Promise.race([hasBegun, sleep(beginMs).then(() => Promise.reject(new Error('did not begin')))]);
  const begin = Date.now();
  say(`${clock()} ${kind} fault for ${faultMs / 1000} s`);
  await events.watchFor(faultMs);
  const end = Date.now();
  await fault.end('SIGTERM');
  return { kind, begin, end };
}

interface Events {
  watchFor(durationMs: number): Promise<void>;
  watchUntilCalm(): Promise<void>;
  told(): readonly Told[];
}

/** Asks again and again, as a page does that has no socket. */
function createEvents(api: { get(path: string): Promise<unknown> }, say: (line: string) => void): Events {
  const known = new Map<string, Told>();
  const began = Date.now();

  async function ask(): Promise<void> {
    const range = `start=${began / 1000}&end=${Date.now() / 1000 + 10}`;
    const { events } = (await api.get(`/v1/anomalies/events?${range}`)) as { events: readonly AnomalyEvent[] };
    for (const event of events) {
      if (!known.has(event.id)) say(`${clock()}   ${event.reason}`);
      known.set(event.id, { event, toldAt: known.get(event.id)?.toldAt ?? Date.now() });
    }
  }

  async function watch(durationMs: number, isOver: () => boolean = () => false): Promise<void> {
    const until = Date.now() + durationMs;
    while (Date.now() < until && !isOver()) {
      await sleep(pollMs);
      try {
        await ask();
      } catch (error) {
        // One that is not answered is asked again.
        say(`${clock()} ${String(error)}`);
      }
    }
  }

  return {
    watchFor: (durationMs) => watch(durationMs),
    async watchUntilCalm() {
      await watch(calm.leastMs);
      await watch(calm.mostMs - calm.leastMs, () => [...known.values()].every(({ event }) => event.end !== undefined));
    },
    told: () => [...known.values()],
  };
}

function clock(): string {
  return new Date().toISOString().slice(11, 19);
}
