/** A job that storage is given in tests: it costs next to nothing and asks for nothing. */
import type { JobToSubmit } from './submit.ts';

export function testJob(more: Partial<JobToSubmit> = {}): JobToSubmit {
  return {
    type: 'noop',
    payload: {},
    priority: 0,
    startAt: undefined,
    maxAttempts: 3,
    timeoutMs: 1_000,
    after: [],
    key: undefined,
    digest: '',
    baseMs: 1,
    estimateMs: 1,
    estimateCost: 1,
    reserved: 1,
    expectedStart: undefined,
    ...more,
  };
}
