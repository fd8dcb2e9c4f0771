import { page, userEvent } from 'vitest/browser';
import { afterEach, expect, test } from 'vitest';
import { RequestError } from '../data/rest.ts';
import { expectAccessible, mount, part } from '../testing/mount.ts';
import {
  testBudgets,
  testOptimisation,
  testPerformance,
  testRebalance,
  testRecommendation,
} from '../testing/money-results.ts';

let end: () => void = () => undefined;
afterEach(() => end());

function show<T extends 'tarsier-budget' | 'tarsier-optimisation-score' | 'tarsier-performance'>(
  tag: T,
  attributes: Record<string, string> = {},
) {
  const mounted = mount(tag, attributes);
  end = mounted.end;
  mounted.answers.set('/v1/budgets', { budgets: testBudgets });
  mounted.answers.set('/v1/rebalances?', { rebalances: [testRebalance] });
  mounted.answers.set('/v1/optimisation', testOptimisation);
  mounted.answers.set('/v1/recommendations?', { recommendations: [testRecommendation] });
  return mounted;
}

const text = (element: Element): string =>
  (element.shadowRoot?.querySelector('.result')?.textContent ?? '').replaceAll(/\s+/gu, ' ').trim();

test('budgets: what was spent, and how a proposal moves amounts for the same sum, with its reasons', async () => {
  const { element } = show('tarsier-budget');
  await expect.poll(() => text(element)).toContain('Agent support-bot $9.70 $10.00 a month');
  expect(text(element)).toContain('No price is known for small-9.');
  expect(text(element)).toContain(
    'Agent support-bot $10.00 $12.50 +$2.50 92.0 % It was spent wholly in 3 of 4 months.',
  );
  expect(text(element)).toContain('Model large-1 $20.00 $17.50 −$2.50');
  expect(text(element)).toContain('Total $30.00 $30.00');
  await expectAccessible(element);
});

test('a proposal is applied and undone where it stands; a refusal is said in its own words', async () => {
  const { element, answers, asked } = show('tarsier-budget');
  await expect.poll(() => element.shadowRoot?.querySelector('.actions button')?.textContent.trim()).toBe('Apply');
  answers.set('/v1/rebalances/r1/apply', {});
  answers.set('/v1/rebalances?', { rebalances: [{ ...testRebalance, state: 'applied' }] });
  part(element, '.actions button').focus();
  await userEvent.keyboard('{Enter}');
  await expect.poll(() => part(element, '[role=status]').textContent).toBe('The amounts were changed.');
  expect(asked).toContain('POST /v1/rebalances/r1/apply {}');
  await expect.poll(() => element.shadowRoot?.querySelector('.actions button')?.textContent.trim()).toBe('Undo');
  answers.set(
    '/v1/rebalances/r1/undo',
    new RequestError(409, { code: 'budgets/changed', message: 'b1 was changed since', retryable: false }),
  );
  part(element, '.actions button').click();
  await expect.poll(() => part(element, '[role=status]').textContent).toBe('b1 was changed since');
});

test('a page that moves money itself is left to it', async () => {
  const { element, asked } = show('tarsier-budget');
  element.addEventListener('tarsier-action', (event) => event.preventDefault());
  await expect.poll(() => element.shadowRoot?.querySelector('.actions button')).not.toBeNull();
  part(element, '.actions button').click();
  expect(asked.filter((path) => path.startsWith('POST'))).toEqual([]);
});

test('the optimisation score: its parts with weights, what is not measured, and what would make it better', async () => {
  const { element, answers, asked } = show('tarsier-optimisation-score');
  await expect.poll(() => text(element)).toContain('78/ 100 74.0 to 82.0 with 80 % confidence +3.40 since yesterday');
  expect(text(element)).toContain('Error budgetNo rule says what an error is. not measured');
  await expect.poll(() => text(element)).toContain('Give db-1 two cores more+5.20 points, saves $12.40 a month');
  await expectAccessible(element);
  answers.set('/v1/recommendations/rec1/follow', {});
  part(element, '.recommendations button').click();
  await expect.poll(() => part(element, '[role=status]').textContent).toContain('measured in a day');
  expect(asked).toContain('POST /v1/recommendations/rec1/follow {}');
});

test('the score of one host, and of one that nobody knows', async () => {
  const { element } = show('tarsier-optimisation-score', { host: 'db-1' });
  await expect.poll(() => text(element)).toContain('61/ 100');
  element.host = 'nobody';
  await expect.poll(() => text(element)).toContain('There is no result yet.');
});

test('performance: bottlenecks that lead to their series, caches by size, and what to ask for', async () => {
  const { element } = show('tarsier-performance');
  element.data = testPerformance;
  await element.updateComplete;
  expect(text(element)).toContain('db-1 Its disk was busy all the time 42.0 % 58');
  expect(text(element)).toContain('More than 96.0 MiB adds little');
  expect(element.shadowRoot?.querySelector('.curve-plot .band')).not.toBeNull();
  expect(text(element)).toContain('web-1 8 cores, 16.0 GiB 3 cores, 4.00 GiB 0.10 %');
  const drilled: unknown[] = [];
  element.addEventListener('tarsier-drill', (event) => drilled.push((event as CustomEvent).detail));
  part(element, '.drill').click();
  expect(drilled).toEqual([{ query: 'disk_busy_ratio{host="db-1"}' }]);
  await expectAccessible(element);
});

test.each(['tarsier-budget', 'tarsier-optimisation-score', 'tarsier-performance'] as const)(
  '%s is no wider than a small phone',
  async (tag) => {
    await page.viewport(320, 700);
    const { element } = show(tag);
    if (element.localName === 'tarsier-performance') Object.assign(element, { data: testPerformance });
    await expect.poll(() => text(element).length).toBeGreaterThan(100);
    expect(element.scrollWidth).toBeLessThanOrEqual(320);
    await page.viewport(800, 600);
  },
);
