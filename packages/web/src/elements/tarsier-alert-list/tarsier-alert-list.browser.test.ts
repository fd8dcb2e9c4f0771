import type { Alert } from '@tarsier/protocol';
import { afterEach, expect, test } from 'vitest';
import { expectAccessible, mount, shownText } from '../../testing/mount.ts';

let end = (): void => undefined;
afterEach(() => end());

const now = Date.now();
const alert = (id: string, change: Partial<Alert> = {}): Alert => ({
  id,
  ruleId: 'r',
  name: `Alert ${id}`,
  severity: 'warning',
  host: 'db-1',
  metric: 'm',
  labels: {},
  state: { kind: 'firing', since: now - 240_000, value: 1 },
  reason: 'm is 1, above 0',
  ...change,
});

async function list(alerts: Alert[], attributes: Record<string, string> = {}) {
  const mounted = mount('tarsier-alert-list', attributes);
  end = mounted.end;
  mounted.alerts.set({ kind: 'ready', value: alerts });
  await mounted.provider.updateComplete;
  await mounted.element.updateComplete;
  return mounted;
}

test('firing comes first and the worst on top, resolved last, each with a word, an age and its reason', async () => {
  const { element } = await list([
    alert('old', { state: { kind: 'resolved', since: now - 900_000, resolvedAt: now - 600_000, value: 1 } }),
    alert('mild'),
    alert('bad', { severity: 'critical' }),
  ]);
  const names = [...(element.shadowRoot?.querySelectorAll('.name') ?? [])].map((node) => node.textContent);
  expect(names).toEqual(['Alert bad', 'Alert mild', 'Alert old']);
  expect(shownText(element)).toMatch(/Alert bad 4 min ago Critical, firing on db-1 m is 1, above 0/u);
  await expectAccessible(element);
});

test('a list for one host shows that one only', async () => {
  const { element } = await list([alert('a'), alert('b', { host: 'db-2' })], { host: 'db-2' });
  expect(shownText(element)).not.toContain('Alert a');
});

test('an alert from last week is no news', async () => {
  const weekAgo = now - 7 * 86_400_000;
  const { element } = await list([
    alert('a', { state: { kind: 'resolved', since: weekAgo, resolvedAt: weekAgo, value: 1 } }),
  ]);
  expect(shownText(element)).toContain('Nothing is firing.');
  await expectAccessible(element);
});

test('a list that cannot be loaded says why', async () => {
  const { element, alerts } = await list([]);
  alerts.set({ kind: 'failed', error: { code: 'storage/unavailable', message: 'No database.', retryable: true } });
  await element.updateComplete;
  expect(shownText(element)).toContain('No database. storage/unavailable');
});
