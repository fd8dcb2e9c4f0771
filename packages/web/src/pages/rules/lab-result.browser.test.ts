import type { LabTrial } from '@tarsier/protocol/api';
import { afterEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { define } from '../../define.ts';
import '../../styles/page.css';
import { expectAccessible, mount, part } from '../../testing/mount.ts';
import { LabResult, type TrialChosen } from './lab-result.ts';

define([['tarsier-lab-result', LabResult]]);

let end = (): void => undefined;
afterEach(() => end());

const none = { fired: 0, incidents: 0, pages: [], pagesInRealIncidents: 0, missedIncidents: [], unsent: [] };
const page = {
  at: Date.UTC(2026, 10, 30, 3),
  reason: 'first',
  title: 'Busy on web-1',
  why: 'cpu was 0.95',
  severity: 'warning',
} as const;
const trials: readonly LabTrial[] = [
  {
    ...none,
    value: 0.8,
    fired: 9,
    incidents: 7,
    pages: [page, { ...page, realIncident: 'i7' }, page],
    pagesInRealIncidents: 1,
    unsent: [{ reason: 'grouped', count: 6 }],
  },
  { ...none, value: 0.9, missedIncidents: ['i7'] },
];

test('the slider says what each bound would have told, how much of it was right, and what it would have missed', async () => {
  const { element, end: done } = mount('tarsier-lab-result');
  end = done;
  const chosen: (number | undefined)[] = [];
  element.addEventListener('trial-chosen', (event) => {
    const { value } = (event as TrialChosen).detail;
    chosen.push(value);
    element.value = value;
  });
  [element.trials, element.value] = [trials, 0.8];
  await element.updateComplete;
  const text = (): string => (element.shadowRoot?.textContent ?? '').replaceAll(/\s+/gu, ' ');
  expect(text()).toContain('3 notifications, 1 of them in real incidents; here they are: 9 alerts in 7 incidents');
  expect(text()).toContain('Not told: 6 told together with another');
  expect(part(element, 'li a').getAttribute('href')).toBe('#/alerts/i7');
  await expectAccessible(element);
  part(element, 'input').focus();
  await userEvent.keyboard('{ArrowRight}');
  await expect
    .poll(text)
    .toContain(
      'It would have told nobody. 0 alerts in 0 incidents In 1 real incident it would have said nothing: incident 1',
    );
  expect(chosen).toEqual([0.9]);
  expect(part(element, 'input').getAttribute('aria-valuetext')).toBe('> 0.9');
  await expectAccessible(element);
});
