import { describeError, type JobEvent, type JobProgress } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { Jobs } from '../storage/jobs/jobs.ts';
import { idsPerHint } from '../storage/jobs/hints.ts';
import type { NewJobEvent } from '../storage/jobs/read.ts';

type Body<K extends JobEvent['kind']> = Omit<Extract<JobEvent, { kind: K }>, 'kind' | 'number' | 'at'>;

export interface RunKey {
  readonly tenantId: number;
  readonly id: string;
  readonly fence: number;
}

/** What runs tell, gathered and written a few times a second; and who is told that a job looks different. */
export interface Journal {
  progress(run: RunKey, progress: JobProgress): void;
  event<K extends JobEvent['kind']>(run: RunKey, kind: K, body: Body<K>): void;
  changed(tenantId: number, id: string): void;
  /** Once all that the run of a job has told is written; undefined when it is. */
  written(id: string): Promise<void> | undefined;
  flush(): Promise<void>;
  close(): Promise<void>;
}

const intervalMs = 100;
/** Points of a curve of one job between two writes: a loop that tells of every step fills no table. */
const mostPerFlush = 50;

export function createJournal({
  jobs,
  log,
  now,
}: {
  readonly jobs: Pick<Jobs['work'], 'progress' | 'addEvents' | 'tellChanged'>;
  readonly log: Log;
  readonly now: () => number;
}): Journal {
  const progress = new Map<string, RunKey & { readonly progress: JobProgress }>();
  const changed = new Map<number, Set<string>>();
  const counts = new Map<string, number>();
  /** Jobs that told something since the last write, and of those that are being written. */
  let [unwritten, inFlight] = [new Set<string>(), new Set<string>()];
  let events: NewJobEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  let flushing = Promise.resolve();
  let lastFlush = 0;

  function schedule(): void {
    if (timer !== undefined) return;
    // The first after a pause goes out at once.
    const wait = Math.max(0, lastFlush + intervalMs - performance.now());
    timer = setTimeout(() => void flush(), wait);
    timer.unref();
  }

  function markChanged(tenantId: number, id: string): void {
    let ids = changed.get(tenantId);
    if (ids === undefined) changed.set(tenantId, (ids = new Set()));
    // Whoever shows more jobs than this looks at the whole list.
    if (ids.size < idsPerHint) ids.add(id);
    schedule();
  }

  function addEvent(run: RunKey, kind: JobEvent['kind'], body: unknown): void {
    unwritten.add(run.id);
    const count = (counts.get(run.id) ?? 0) + 1;
    counts.set(run.id, count);
    if (count > mostPerFlush) return;
    events.push({ tenantId: run.tenantId, jobId: run.id, at: now(), kind, body });
  }

  async function write(): Promise<void> {
    lastFlush = performance.now();
    const [toAdd, newest, told] = [events, [...progress.values()], [...changed]];
    events = [];
    [unwritten, inFlight] = [new Set(), unwritten];
    progress.clear();
    changed.clear();
    counts.clear();
    if (newest.length > 0) await jobs.progress(newest);
    if (toAdd.length > 0) await jobs.addEvents(toAdd);
    for (const [tenantId, ids] of told) await jobs.tellChanged(tenantId, [...ids]);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    flushing = flushing.then(write).catch((error: unknown) => {
      log.warn('what jobs told was not written', { error: describeError(error) });
    });
    return flushing;
  }

  return {
    progress(run, newest) {
      unwritten.add(run.id);
      progress.set(run.id, { ...run, progress: newest });
      if (newest.metrics !== undefined) addEvent(run, 'progress', newest);
      markChanged(run.tenantId, run.id);
    },
    event(run, kind, body) {
      addEvent(run, kind, body);
      markChanged(run.tenantId, run.id);
    },
    changed: markChanged,
    written(id) {
      if (unwritten.has(id)) return flush();
      return inFlight.has(id) ? flushing : undefined;
    },
    flush,
    async close() {
      await flush();
      clearTimeout(timer);
    },
  };
}
