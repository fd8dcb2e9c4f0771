import { afterEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { heldSeries } from '../../testing/fake-source.ts';
import { expectAccessible, mount, part, shownText } from '../../testing/mount.ts';

let end = (): void => undefined;
afterEach(() => end());

async function grid() {
  const mounted = mount('tarsier-host-grid', { selected: 'web-1' });
  end = mounted.end;
  mounted.hosts.set({
    kind: 'ready',
    value: [
      { host: 'web-1', lastSeen: Date.now(), series: 200, state: 'up' },
      { host: 'db-1', lastSeen: Date.now() - 3_600_000, series: 200, state: 'stale' },
    ],
  });
  await mounted.provider.updateComplete;
  await mounted.element.updateComplete;
  return mounted;
}

test('each host says its state in a word; a silent one when it was last seen, a live one its values', async () => {
  const { element, hold } = await grid();
  hold([heldSeries('cpu_busy_ratio', { host: 'web-1', cpu: 'all' }, [0.2, 0.4])]);
  await expect.poll(() => shownText(element)).toMatch(/web-1 up CPU 40\.0 %/u);
  expect(shownText(element)).toMatch(/db-1 stale last seen 1 h ago/u);
  await expectAccessible(element);
});

test('a host that sends no such series says so, and does not wait for ever', async () => {
  const { element, hold } = await grid();
  expect(shownText(element)).toMatch(/web-1 up CPU … Memory …/u);
  hold([heldSeries('cpu_busy_ratio', { host: 'web-2', cpu: 'all' }, [0.2, 0.4])]);
  await expect.poll(() => shownText(element)).toMatch(/web-1 up CPU ?no data Memory ?no data/u);
  await expectAccessible(element);
});

test('hosts that need somebody come first: what fires, what is unusual, what is silent, then by name', async () => {
  const { element, hosts, alerts, events } = await grid();
  const now = Date.now();
  const names = ['ok-2', 'ok-1', 'silent', 'odd', 'warned', 'broken'];
  hosts.set({
    kind: 'ready',
    value: names.map((host) => ({
      host,
      lastSeen: host === 'silent' ? now - 3_600_000 : now,
      series: 1,
      state: host === 'silent' ? 'stale' : 'up',
    })),
  });
  const fires = { ruleId: 'r', name: 'Load', metric: 'load', labels: {}, reason: 'high' };
  const state = { kind: 'firing', since: now, value: 1 } as const;
  alerts.set({
    kind: 'ready',
    value: [
      { ...fires, id: 'w', host: 'warned', severity: 'warning', state },
      { ...fires, id: 'b', host: 'broken', severity: 'critical', state },
    ],
  });
  events.set([
    {
      id: 'e',
      host: 'odd',
      start: now,
      peakAt: now,
      peakSurprise: 7,
      peakRatio: 0.2,
      page: true,
      detectors: ['zscore'],
      seriesCount: 1,
      reason: 'CPU was far above usual',
      contributors: [],
    },
  ]);
  const order = (): (string | undefined)[] =>
    [...(element.shadowRoot?.querySelectorAll('.name') ?? [])].map((name) => name.textContent?.trim());
  await expect.poll(order).toEqual(['broken', 'warned', 'odd', 'silent', 'ok-1', 'ok-2']);
  expect(shownText(element)).toMatch(/odd unusual/u);
  await expectAccessible(element);
});

test('a host is chosen with the keyboard', async () => {
  const { element } = await grid();
  const chosen: string[] = [];
  element.addEventListener('tarsier-drill', (event) => {
    if (event instanceof CustomEvent) chosen.push(String(event.detail.host));
  });
  part(element, 'button').focus();
  await userEvent.keyboard('{Enter}');
  expect(chosen).toEqual(['db-1']);
  expect(part(element, '[aria-current=true]').textContent).toContain('web-1');
});

test('a failed list offers to try again', async () => {
  const { element, hosts, retries } = await grid();
  hosts.set({ kind: 'failed', error: { code: 'web/unreachable', message: 'No answer.', retryable: true } });
  await element.updateComplete;
  await userEvent.click(part(element, 'button'));
  expect(retries()).toBe(1);
  await expectAccessible(element);
});

test('a view that may not list hosts says so, and does not offer to try again', async () => {
  const { element, hosts } = await grid();
  hosts.set({
    kind: 'failed',
    error: { code: 'auth/scope', message: 'this needs a key of scope read', retryable: false },
  });
  await element.updateComplete;
  expect(shownText(element)).toBe('This view may not show this.');
  expect(element.shadowRoot?.querySelector('button')).toBeNull();
});

test('a host of which nothing came since a restart is not called never seen', async () => {
  const { element, hosts } = await grid();
  hosts.set({ kind: 'ready', value: [{ host: 'old-1', series: 0, state: 'stale' }] });
  await element.updateComplete;
  expect(shownText(element)).toContain('not seen lately');
});
