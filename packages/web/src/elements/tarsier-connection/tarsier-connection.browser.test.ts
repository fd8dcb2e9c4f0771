import { afterEach, expect, test } from 'vitest';
import type { Connection } from '../../data/source.ts';
import { expectAccessible, mount, part, shownText } from '../../testing/mount.ts';

let end = (): void => undefined;
afterEach(() => end());

const now = Date.now();
const states: [Connection, RegExp][] = [
  [{ kind: 'live', since: now }, /^Live$/u],
  [{ kind: 'connecting', since: now }, /^Connecting$/u],
  [{ kind: 'polling', since: now }, /^Pollingsince /u],
  [{ kind: 'offline', since: now, attempt: 2, retryAt: now + 8000 }, /^Offlinesince .*retry in \d s$/u],
  [{ kind: 'signed-out', since: now }, /^Signed out$/u],
  [{ kind: 'signed-out', since: now, reason: 'token' }, /^Token not accepted$/u],
];

test.each(states)('%j is a word and a shape', async (state, text) => {
  const mounted = mount('tarsier-connection');
  end = mounted.end;
  mounted.connection.set(state);
  await mounted.provider.updateComplete;
  await mounted.element.updateComplete;
  expect(shownText(mounted.element)).toMatch(text);
  expect(part(mounted.element, 'svg')).toBeTruthy();
  await expectAccessible(mounted.element);
});
