import { afterEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { expectAccessible, mount, part } from '../../testing/mount.ts';

let end = (): void => undefined;
afterEach(() => end());

async function range(text = '15m', timeZone = 'Europe/Berlin') {
  const mounted = mount('tarsier-time-range');
  end = mounted.end;
  mounted.provider.range = text;
  mounted.provider.timeZone = timeZone;
  await mounted.provider.updateComplete;
  await mounted.element.updateComplete;
  return mounted;
}

test('a preset is chosen with the keyboard, and the page is told once', async () => {
  const { element, provider } = await range();
  const heard: unknown[] = [];
  provider.addEventListener('tarsier-range-change', (event) => {
    if (event instanceof CustomEvent) heard.push(event.detail.range);
  });
  part(element, '.range').focus();
  await userEvent.keyboard('{Enter}');
  await expectAccessible(element);
  await userEvent.click([...(element.shadowRoot?.querySelectorAll('.presets button') ?? [])][2] ?? element);
  await expect.poll(() => part(element, '.range').textContent?.trim()).toBe('Last 1\u00a0h');
  expect(heard).toEqual(['1h']);
});

test('what the page sets itself is no event', async () => {
  const { provider } = await range();
  const heard: unknown[] = [];
  provider.addEventListener('tarsier-range-change', (event) => heard.push(event));
  provider.range = '6h';
  await provider.updateComplete;
  expect(provider.view.range.value).toEqual({ kind: 'last', ms: 6 * 3_600_000 });
  expect(heard).toEqual([]);
});

test('pausing fixes the range at what is shown; back to live goes on', async () => {
  const { element, provider } = await range();
  await userEvent.click(part(element, '.pause'));
  expect(provider.view.range.value?.kind).toBe('fixed');
  await expect.poll(() => part(element, '.pause').textContent).toContain('Back to live');
  await expectAccessible(element);
  await userEvent.click(part(element, '.pause'));
  expect(provider.view.range.value).toEqual({ kind: 'last', ms: 900_000 });
});

test('times are read and shown in the time zone, whatever the browser’s is', async () => {
  const { element, provider } = await range('2026-07-01T10:00:00Z/2026-07-01T11:00:00Z');
  const [from, to] = [...(element.shadowRoot?.querySelectorAll<HTMLInputElement>('input.field') ?? [])];
  expect(from?.value).toMatch(/^2026-07-01T12:00/u);
  if (to === undefined) throw new Error('expected a field for the end');
  to.value = '2026-07-01T14:30:00';
  part(element, 'form').dispatchEvent(new SubmitEvent('submit', { cancelable: true }));
  expect(provider.view.range.value).toEqual({
    kind: 'fixed',
    from: Date.parse('2026-07-01T10:00:00Z'),
    to: Date.parse('2026-07-01T12:30:00Z'),
  });
});

test('an end before the start is said, and changes nothing', async () => {
  const { element, provider } = await range('2026-07-01T10:00:00Z/2026-07-01T11:00:00Z');
  const [, to] = [...(element.shadowRoot?.querySelectorAll<HTMLInputElement>('input.field') ?? [])];
  if (to === undefined) throw new Error('expected a field for the end');
  to.value = '2026-07-01T09:00:00';
  part(element, 'form').dispatchEvent(new SubmitEvent('submit', { cancelable: true }));
  await expect.poll(() => part(element, '[role=alert]').textContent).toContain('Expected a start before the end');
  expect(provider.view.range.value).toMatchObject({ to: Date.parse('2026-07-01T11:00:00Z') });
});
