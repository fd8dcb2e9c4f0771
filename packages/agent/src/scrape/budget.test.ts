import { expect, test } from 'vitest';
import { decideBudget, type BudgetSample } from './budget.ts';

/** A host whose plugins cost so much CPU each time, with the agent itself on top, over windows of 30 s. */
function simulate(budget: number, own: number, costs: Record<string, number>, windows: number) {
  const slowdowns = new Map(Object.keys(costs).map((name) => [name, 1]));
  const busy = new Map(Object.keys(costs).map((name) => [name, 0]));
  let cpuSeconds = 0;
  const sample = (atSeconds: number): BudgetSample => ({
    atSeconds,
    cpuSeconds,
    plugins: [...slowdowns].map(([name, slowdown]) => ({ name, slowdown, busySeconds: busy.get(name) ?? 0 })),
  });
  const used: number[] = [];
  const decisions: string[] = [];
  let before = sample(0);
  return {
    slowdowns,
    used,
    decisions,
    costs,
    run(): void {
      for (let window = 0; window < windows; window++) {
        let usedNow = own * 30;
        for (const [name, cost] of Object.entries(costs)) {
          const spent = (30 / (slowdowns.get(name) ?? 1)) * cost;
          busy.set(name, (busy.get(name) ?? 0) + spent);
          usedNow += spent;
        }
        cpuSeconds += usedNow;
        used.push(usedNow / 30);
        const after = sample(before.atSeconds + 30);
        const decision = decideBudget(budget, before, after);
        if (decision !== undefined) {
          slowdowns.set(decision.plugin, decision.slowdown);
          decisions.push(`${decision.plugin} x${decision.slowdown}`);
        }
        before = after;
      }
    },
  };
}

test('the dearest plugin is slowed down until the budget is kept, the others stay as they are, and nothing swings', () => {
  const host = simulate(0.01, 0.002, { cpu: 0.001, sensors: 0.05, disk: 0.0005 }, 40);
  host.run();
  expect(host.decisions).toEqual(['sensors x4', 'sensors x8']);
  expect(host.used.at(-1)).toBeLessThanOrEqual(0.01);
  expect([...host.slowdowns]).toEqual([
    ['cpu', 1],
    ['sensors', 8],
    ['disk', 1],
  ]);
});

test('a plugin that has become cheap again gets back its pace, step by step', () => {
  const host = simulate(0.01, 0.002, { sensors: 0.05 }, 10);
  host.run();
  host.costs['sensors'] = 0.001;
  host.run();
  expect(host.decisions).toEqual(['sensors x4', 'sensors x8', 'sensors x4', 'sensors x2', 'sensors x1']);
});

test('where no plugin is to blame none is slowed down, and a budget of 0 is none', () => {
  const busy = simulate(0.01, 0.03, { cpu: 0.0005, disk: 0.0005 }, 10);
  busy.run();
  expect(busy.decisions).toEqual([]);
  const free = simulate(0, 0.03, { cpu: 0.5 }, 10);
  free.run();
  expect(free.decisions).toEqual([]);
});

test('no plugin is slowed down without end', () => {
  const host = simulate(0.001, 0.01, { cpu: 0.5 }, 40);
  host.run();
  expect(host.slowdowns.get('cpu')).toBe(64);
});
