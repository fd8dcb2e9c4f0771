import { expect, test } from 'vitest';
import { measureSizes } from '../../bench/web/sizes.ts';

test('what a page loads before it shows something is within its budget, and what waits for its use is known', async () => {
  const sizes = await measureSizes();
  for (const { name, kB, budgetKB = Infinity } of sizes) expect(kB, name).toBeLessThan(budgetKB);
  const chart = sizes.find(({ name }) => name.startsWith('@tarsier/web/chart'));
  expect(chart?.onDemand.map(({ name }) => name).toSorted()).toEqual([
    'chart-past',
    'connect',
    'extras',
    'range-query',
  ]);
});
