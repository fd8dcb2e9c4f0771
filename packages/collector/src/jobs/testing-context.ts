/** What a job type is run with in tests: a real engine over samples in memory, and a real storage. */
import type { JobProgress } from '@tarsier/protocol';
import { silentLog } from '../log.ts';
import { createEngine } from '../query/engine.ts';
import { LabelSet } from '../query/label-set.ts';
import { createMemoryReader } from '../query/memory-reader.ts';
import { createQuery } from '../query/query.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import type { JobContext } from './job-type.ts';

export interface TestSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

export interface TestContext extends JobContext {
  readonly told: readonly JobProgress[];
}

export function testContext(
  storage: Storage,
  scope: TenantScope,
  series: readonly TestSeries[],
  now: number,
  jobId = '00000000-0000-7000-8000-000000000001',
): TestContext {
  const reader = createMemoryReader(
    series.map(({ labels, times, values }) => ({
      labels: LabelSet.of(Object.entries(labels)),
      column: { times, values },
    })),
  );
  const told: JobProgress[] = [];
  return {
    scope,
    jobId,
    attempt: 1,
    now,
    signal: new AbortController().signal,
    engine: createEngine({ reader, log: silentLog, now: () => now }),
    query: createQuery({ storage }),
    storage,
    progress: (progress) => void told.push(progress),
    log() {},
    told,
  };
}
