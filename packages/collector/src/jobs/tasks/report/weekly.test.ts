import { weeklyReportSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createTestStorage } from '../../../storage/testing.ts';
import { testAlert, testOutcome } from '../../../storage/testing-incidents.ts';
import { testContext, type TestSeries } from '../../testing-context.ts';
import { reportWeekly } from './weekly.ts';

const now = Date.UTC(2026, 10, 30);
const hour = 3_600_000;
const day = 24 * hour;
const db = await createTestStorage(() => now);
afterAll(() => db.drop());

const times = Float64Array.from({ length: 14 * 24 }, (_, at) => now - (14 * 24 - 1 - at) * hour);
const cpu: TestSeries = {
  labels: { __name__: 'cpu_busy_ratio', cpu: 'all', host: 'a' },
  times,
  values: times.map((_, at) => (at < 7 * 24 ? 0.2 : 0.4)),
};

test('a week is told in numbers, charts and what to expect, as one page that needs nothing else', async () => {
  const scope = await db.storage.tenants.ensure('acme');
  const opened = [1, 2, 3, 8, 9, 16, 17, 18, 24];
  for (const [at, days] of opened.entries()) {
    const alert = testAlert(`a${at}`, now - days * day, { name: at === 0 ? '<script>alert(1)</script>' : 'Load' });
    const { incidents, ...outcome } = testOutcome(alert, [], now - days * day);
    const judged = new Map(
      [...incidents].map(([id, one]) => [
        id,
        { ...one, feedback: at === 0 ? ('useful' as const) : ('noise' as const) },
      ]),
    );
    await db.storage.incidents.save(scope, { incidents: judged, ...outcome });
  }
  const context = testContext(db.storage, scope, [cpu], now);
  const report = weeklyReportSchema.parse(await reportWeekly.run({}, context));
  const figures = new Map(report.figures.map((figure) => [figure.key, [figure.value, figure.before]]));
  expect(figures.get('incidents')).toEqual([3, 2]);
  expect(figures.get('useful')).toEqual([expect.closeTo(1 / 3, 10), 0]);
  expect(figures.get('cpu')).toEqual([expect.closeTo(0.4, 2), expect.closeTo(0.2, 2)]);
  expect(figures.get('llm-cost')).toEqual([null, null]);
  // 1, 3, 2 and 3 in four weeks.
  expect(report.expectations).toMatchObject([{ estimate: { value: 2.25 }, baseline: 'last week again' }]);
  expect(report.html).toMatch(/^<!doctype html><html lang="en">.*<svg.*@media print|^<!doctype html>/su);
  expect(report.html).toContain('@page');
  expect(report.html.match(/<svg/gu)).toHaveLength(2);
  expect(report.html).not.toMatch(/<script|https?:|src=|url\(/u);
  expect(report.html).toContain('&#60;script&#62;');
  const german = weeklyReportSchema.parse(await reportWeekly.run({ language: 'de' }, context));
  expect(german.html).toContain('Vorfälle je Tag');
});

test('a tenant of which nothing is known gets a page that says so, and nothing of another', async () => {
  const scope = await db.storage.tenants.ensure('empty');
  const report = weeklyReportSchema.parse(await reportWeekly.run({}, testContext(db.storage, scope, [], now)));
  expect(report.figures.map(({ value }) => value)).toEqual([0, 0, null, 0, 0, null, null]);
  expect(report.html).toContain('None.');
});
