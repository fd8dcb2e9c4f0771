import type { Job, JobEvent } from '@tarsier/protocol';

import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { RequestError } from '../data/rest.ts';
import { expectAccessible, mount, part } from '../testing/mount.ts';
import { testComparison, testCost, testForecastTraining, testJob, testTuning } from '../testing/results.ts';

let end: () => void = () => undefined;
afterEach(() => end());

type ResultTag = 'tarsier-cost' | 'tarsier-convergence' | 'tarsier-training' | 'tarsier-model-matrix';

/** An element whose collector has these jobs, the newest first. */
function show<T extends ResultTag | 'tarsier-jobs'>(
  tag: T,
  jobs: readonly Job[],
  attributes = {},
  events: JobEvent[] = [],
) {
  const mounted = mount(tag, attributes);
  end = mounted.end;
  mounted.answers.set('/v1/jobs?', (path: string) => ({
    jobs: path.includes('state=succeeded') ? jobs.filter(({ state }) => state === 'succeeded') : jobs,
  }));
  for (const job of jobs) {
    mounted.answers.set(`/v1/jobs/${job.id}`, { job });
    mounted.answers.set(`/v1/jobs/${job.id}/events`, { events });
  }
  return mounted;
}

const text = (element: Element): string =>
  (element.shadowRoot?.querySelector('.result, .card')?.textContent ?? '').replaceAll(/\s+/gu, ' ').trim();

test('costs: what could be saved, how sure that is, the arithmetic, and what the analysis itself cost', async () => {
  const { element } = show('tarsier-cost', [testJob('j1', { result: testCost })]);
  await expect.poll(() => text(element)).toContain('Could be saved $115.47');
  expect(text(element)).toContain('This analysis cost $0.000021');
  expect(text(element)).toMatch(/Larger than needed: db-1 saves \$144\.54 a month, 80(\.0)? % sure/u);
  expect(text(element)).toContain('No price is known for small-9');
  await expectAccessible(element);
});

test('while a job runs, the last result stays, with how far the new one is', async () => {
  const running = testJob('j2', { state: 'running', progress: { ratio: 0.5 } });
  const { element } = show('tarsier-cost', [running, testJob('j1', { result: testCost })]);
  await expect.poll(() => text(element)).toContain('Could be saved $115.47');
  expect(part(element, 'progress').ariaLabel?.replaceAll(/\s/gu, ' ')).toBe('50.0 % done');
});

test('no job yet, no right to see one, a failure, and no provider: each says what it is', async () => {
  const none = show('tarsier-cost', []);
  await expect.poll(() => text(none.element)).toContain('No job cost_optimization was run yet.');
  end();
  const denied = show('tarsier-cost', []);
  denied.answers.set(
    '/v1/jobs?',
    new RequestError(403, { code: 'auth/scope', message: 'this needs a key of scope read', retryable: false }),
  );
  await expect.poll(() => text(denied.element)).toContain('This view may not show jobs.');
  end();
  const failed = testJob('j3', {
    state: 'failed',
    error: { code: 'jobs/series', message: 'no host was measured', retryable: false },
  });
  const { element } = show('tarsier-cost', [failed]);
  await expect.poll(() => text(element)).toContain('no host was measured jobs/series');
  const alone = document.createElement('tarsier-cost');
  document.body.append(alone);
  await expect.poll(() => text(alone)).toContain('put this element inside a tarsier-provider');
  alone.remove();
});

test('a result of a later version is not guessed at', async () => {
  const job = testJob('j1', { type: 'threshold.tune', result: { ...testTuning, version: 2 } });
  const { element } = show('tarsier-convergence', [job]);
  await expect.poll(() => text(element)).toContain('This result is of another version of Tarsier.');
});

test('a tuned threshold: from what to what, with its interval, curves, baselines and guard rails', async () => {
  const { element } = show('tarsier-convergence', [testJob('j1', { type: 'threshold.tune', result: testTuning })]);
  await expect.poll(() => text(element)).toContain('0.80 → 0.92');
  expect(text(element)).toMatch(/1\.10 to 2\.90 with 95(\.0)? % confidence/u);
  expect(element.shadowRoot?.querySelectorAll('.curve-plot')).toHaveLength(2);
  expect(text(element)).toContain('Enough was judged broken Only 20 of 24 incidents were judged.');
  await expectAccessible(element);
});

test('a proposal is applied and rolled back where it stands, and a refusal is said in its own words', async () => {
  const { element, asked, answers } = show('tarsier-convergence', [
    testJob('j1', { type: 'threshold.tune', result: testTuning }),
  ]);
  await expect.poll(() => element.shadowRoot?.querySelectorAll('.actions button').length).toBe(2);
  answers.set('/v1/threshold-proposals/p1/apply', {});
  answers.set(
    '/v1/threshold-proposals/p1/rollback',
    new RequestError(409, { code: 'proposals/state', message: 'it was not applied', retryable: false }),
  );
  part(element, '.actions button').focus();
  await userEvent.keyboard('{Enter}');
  await expect.poll(() => part(element, '.actions [role=status]').textContent).toBe('The threshold was changed.');
  expect(asked).toContain('POST /v1/threshold-proposals/p1/apply {}');
  part(element, '.actions button:nth-of-type(2)').click();
  await expect.poll(() => part(element, '.actions [role=status]').textContent).toBe('it was not applied');
});

test('a proposal of a result from elsewhere is left to the page around it', async () => {
  const element = document.createElement('tarsier-convergence');
  element.data = testTuning;
  document.body.append(element);
  end = () => element.remove();
  const wanted: unknown[] = [];
  element.addEventListener('tarsier-action', (event) => wanted.push((event as CustomEvent).detail));
  await expect.poll(() => element.shadowRoot?.querySelector('.actions button')).toBeTruthy();
  part(element, '.actions button').click();
  expect(wanted).toEqual([{ proposal: 'p1', action: 'apply' }]);
  await element.updateComplete;
  expect(part(element, '.actions [role=status]').textContent).toBe('');
});

test('a training is watched while it learns: its curves grow with what it tells', async () => {
  const events: JobEvent[] = [1, 2, 3].map((epoch) => ({
    kind: 'progress',
    number: epoch,
    at: epoch,
    metrics: { epoch, trainingLoss: 1 / epoch, validationLoss: 1.2 / epoch, skill: 0.1 * epoch },
  }));
  const running = testJob('t1', { type: 'forecast.train', state: 'running', payload: { model: 'load' } });
  const { element, asked, tell } = show('tarsier-training', [running], {}, events);
  await expect.poll(() => text(element)).toContain('Training: load');
  await expect.poll(() => element.shadowRoot?.querySelectorAll('tbody tr').length).toBe(6);
  // From where it stands on, points come live, nothing is asked for again, and none is shown twice.
  expect(asked).toContain('live {"job":"t1","after":3,"others":true}');
  const before = asked.length;
  for (const number of [3, 4]) {
    const metrics = { epoch: number, trainingLoss: 0.2, validationLoss: 0.25, skill: 0.4 };
    tell({ type: 'job-progress', job: 't1', number, at: number, progress: { metrics } });
  }
  await expect.poll(() => element.shadowRoot?.querySelectorAll('tbody tr').length).toBe(8);
  expect(asked.slice(before)).toEqual([]);
  tell({ type: 'job', job: { ...running, state: 'succeeded', result: testForecastTraining } });
  await expect.poll(() => text(element)).toContain('load, version 3, is used.');
  await expectAccessible(element);
});

test('a trained model says how good it is beside plain ways', async () => {
  const { element } = show('tarsier-training', [
    testJob('t1', { type: 'forecast.train', payload: { model: 'load' }, result: testForecastTraining }),
  ]);
  await expect.poll(() => text(element)).toContain('load, version 3, is used.');
  expect(text(element)).toMatch(/network 0\.710\.3179\.0 % seasonal-naive 0\.83/u);
});

test('models compared: sorted by any column, the best of each marked, filtered by family', async () => {
  const { element } = show('tarsier-model-matrix', [testJob('m1', { type: 'models.compare', result: testComparison })]);
  const names = () =>
    [...(element.shadowRoot?.querySelectorAll('tbody th') ?? [])].map((one) =>
      one.textContent.replace(/Better|Baseline/u, '').trim(),
    );
  await expect.poll(names).toEqual(['ensemble', 'zscore', 'network']);
  const heads = [...(element.shadowRoot?.querySelectorAll<HTMLElement>('thead button') ?? [])];
  heads.find((head) => head.textContent === 'CPU a sample')?.click();
  await expect.poll(names).toEqual(['zscore', 'ensemble', 'network']);
  const best = [...(element.shadowRoot?.querySelectorAll('tbody tr:first-child .best') ?? [])];
  expect(best.map((cell) => cell.textContent.replaceAll(/\s/gu, ' '))).toContain('6.00 ns');
  await userEvent.selectOptions(part(element, 'select'), 'Forecasters');
  await expect.poll(names).toEqual(['network']);
  await expectAccessible(element);
});

test('a queue from elsewhere is shown and nothing is asked for', async () => {
  const { provider, asked, end: done } = mount('tarsier-connection');
  end = done;
  const element = document.createElement('tarsier-job-queue');
  element.data = { lanes: [], weight: 7, workers: 2, slots: 2 };
  provider.append(element);
  await expect.poll(() => text(element)).toContain('7');
  expect(asked.filter((path) => path.startsWith('/v1/'))).toEqual([]);
});

test('jobs: states, cost, and what can be done about each, by the keyboard, and said', async () => {
  const { element, asked, answers } = show('tarsier-jobs', [
    testJob('j1', { state: 'running', type: 'forecast.train', progress: { ratio: 0.25 }, payload: { model: 'load' } }),
    testJob('j2', { state: 'failed', error: { code: 'jobs/timeout', message: 'it took too long', retryable: false } }),
    testJob('j3'),
  ]);
  await expect.poll(() => text(element)).toContain('forecast.trainload');
  expect(text(element)).toContain('Failed it took too long');
  answers.set('/v1/jobs/j1/cancel', {});
  const [cancel] = [...(element.shadowRoot?.querySelectorAll<HTMLElement>('.actions .button') ?? [])];
  expect(cancel?.getAttribute('aria-label')).toBe('Cancel: forecast.train');
  cancel?.focus();
  await userEvent.keyboard('{Enter}');
  await expect.poll(() => part(element, '[role=status]').textContent).toBe('It is being cancelled.');
  expect(asked).toContain('POST /v1/jobs/j1/cancel {}');
  await userEvent.selectOptions(part(element, 'select'), 'Failed');
  await expect.poll(() => asked.at(-1)).toContain('state=failed');
  await expectAccessible(element);
});

test.each(['tarsier-cost', 'tarsier-convergence', 'tarsier-model-matrix', 'tarsier-jobs'] as const)(
  '%s is no wider than a small phone',
  async (tag) => {
    await page.viewport(320, 700);
    const result = {
      'tarsier-cost': testCost,
      'tarsier-convergence': testTuning,
      'tarsier-model-matrix': testComparison,
    };
    const { element } = show(tag, [testJob('j1', { result: tag === 'tarsier-jobs' ? undefined : result[tag] })]);
    await expect.poll(() => text(element).length).toBeGreaterThan(60);
    expect(element.scrollWidth).toBeLessThanOrEqual(320);
    await page.viewport(800, 600);
  },
);
