import type { Job } from '@tarsier/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { define, elements } from '../../define.ts';
import { createFakeSource } from '../../testing/fake-source.ts';
import { testJob } from '../../testing/results.ts';
import { JobDetails } from './job-details.ts';

define([...elements, ['tarsier-job-details', JobDetails]]);

let end: () => void = () => undefined;
afterEach(() => {
  end();
  vi.useRealTimers();
});

test('the log of a job is asked for anew when that job changes, not when another does', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const fake = createFakeSource();
  const job = testJob('j1', { type: 'plain' });
  fake.answers.set('/v1/jobs/j1', { job });
  fake.answers.set('/v1/jobs/j1/events', { events: [] });
  const provider = document.createElement('tarsier-provider');
  provider.source = fake.source;
  const element = document.createElement('tarsier-job-details');
  element.job = 'j1';
  provider.append(element);
  document.body.append(provider);
  end = () => provider.remove();
  await expect.poll(() => element.shadowRoot?.querySelector('h1')?.textContent).toBe('plain');
  const askedAfter = (job: Job): readonly string[] => {
    const before = fake.asked.length;
    fake.tell({ type: 'job', job });
    vi.advanceTimersByTime(2_000);
    return fake.asked.slice(before);
  };
  // How long it waits may depend on the other.
  expect(askedAfter(testJob('j2'))).toEqual(['/v1/jobs/j1']);
  expect(askedAfter(job)).toEqual(['/v1/jobs/j1', '/v1/jobs/j1/events?limit=10000']);
});
