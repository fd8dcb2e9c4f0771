import type { LedgerHour } from '@tarsier/protocol/api';
import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { de } from '../../app/words/de.ts';
import { appWords } from '../../app/words/words.ts';
import { define, elements } from '../../define.ts';
import '../../styles/page.css';
import { createFakeSource } from '../../testing/fake-source.ts';
import { expectAccessible } from '../../testing/mount.ts';
import { HostLedger } from './ledger.ts';

define([...elements, ['tarsier-host-ledger', HostLedger]]);
appWords.add('de', de);

let end = (): void => undefined;
afterEach(() => end());

const hour: LedgerHour = {
  hour: Date.UTC(2026, 10, 30, 9),
  state: 'balanced',
  taken: 720_000,
  sent: 719_000,
  waiting: 0,
  dropped: { 'spool/full': 1_000 },
  stored: 719_000,
  crashes: 2,
};

const soonAfter = Date.UTC(2026, 10, 30, 10, 13);

function open(state: string, hours: readonly LedgerHour[], now = soonAfter): HostLedger {
  const fake = createFakeSource();
  fake.answers.set('/v1/hosts/db-1/ledger', { host: 'db-1', state, through: Date.UTC(2026, 10, 30, 10, 12), hours });
  const provider = document.createElement('tarsier-provider');
  provider.source = { ...fake.source, now: () => now };
  const element = document.createElement('tarsier-host-ledger');
  element.host = 'db-1';
  provider.append(element);
  document.body.append(provider);
  end = () => provider.remove();
  return element;
}
const shown = (element: HostLedger) =>
  expect.poll(() => element.shadowRoot?.textContent.replaceAll(/\s+/gu, ' ').trim());

test('a host’s page says that every sample is accounted for, and by hour what became of them', async () => {
  document.documentElement.lang = 'en';
  const element = open('balanced', [hour]);
  await shown(element).toContain('every sample is accounted for');
  await shown(element).toContain('720,000 samples taken, 719,000 stored, 1,000 dropped, 0 waiting');
  await shown(element).toContain('adds up (1,000 spool/full; the agent was killed 2 times)');
  expect(element.shadowRoot?.querySelector('details')?.open).toBe(false);
  await expectAccessible(element);
});

test('where figures do not add up it is open, and says why', async () => {
  const why = '20 samples that an agent was told are stored are not';
  const element = open('fault', [{ ...hour, state: 'fault', why, stored: 718_980 }]);
  await shown(element).toContain('the figures do not add up');
  await shown(element).toContain(why);
  expect(element.shadowRoot?.querySelector('details')?.open).toBe(true);
  await expectAccessible(element);
});

const running: LedgerHour = {
  ...hour,
  hour: Date.UTC(2026, 10, 30, 10),
  state: 'open',
  taken: 20_319,
  sent: 20_319,
  dropped: {},
  stored: 34_653,
  crashes: 0,
};

test('what is taken, as told a while ago, and what is stored by now are not added up side by side', async () => {
  document.documentElement.lang = 'en';
  const before: LedgerHour = {
    ...hour,
    hour: Date.UTC(2026, 10, 30, 8),
    state: 'unaccounted',
    taken: 0,
    stored: 5_000,
  };
  const element = open('open', [before, hour, running]);
  await shown(element).toContain(
    '720,000 samples taken, 719,000 stored, 1,000 dropped, 0 waiting, in 1 hour that is over and fully told of',
  );
  await shown(element).toMatch(/not over: taken as told until .*\d\d:12, stored until now/u);
  await expectAccessible(element);
});

test.each([
  ['en', 'its agent has not told of all of it', 'not over'],
  ['de', 'ihr Agent hat nicht alles von ihr gemeldet', 'läuft noch'],
])('the hour of yesterday in which a host died is not said to go on (%s)', async (lang, untold, goesOn) => {
  document.documentElement.lang = lang;
  const element = open('open', [hour, running], Date.UTC(2026, 11, 1, 10, 13));
  await shown(element).toContain(untold);
  await shown(element).not.toContain(goesOn);
  end();
  const alone = open('open', [running], Date.UTC(2026, 11, 1, 10, 13));
  await expect.poll(() => alone.shadowRoot?.querySelector('summary')?.textContent).toContain(untold);
  document.documentElement.lang = 'en';
});

test('on a phone an hour is a few lines high, for all that is said of it', async () => {
  await page.viewport(390, 844);
  const element = open('open', [hour, running]);
  await shown(element).toContain('stored until now');
  const details = element.shadowRoot?.querySelector('details');
  if (!details) expect.unreachable();
  details.open = true;
  const rows = [...details.querySelectorAll('tbody tr')];
  expect(rows.map((row) => row.clientHeight < 100)).toEqual([true, true]);
  await page.viewport(800, 600);
});

test('in its first hour a host has nothing to add up', async () => {
  document.documentElement.lang = 'en';
  const element = open('open', [running]);
  await shown(element).toContain('all is accounted for so far it is added up when the hour is over');
  await shown(element).not.toContain('20,319 samples taken');
});

test('a host of another sender shows nothing of it', async () => {
  const element = open('unaccounted', []);
  await element.updateComplete;
  expect(element.shadowRoot?.textContent.trim()).toBe('');
});
