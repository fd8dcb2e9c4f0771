import { afterEach, expect, test } from 'vitest';
import '../styles/page.css';
import { expectAccessible } from '../testing/mount.ts';
import { elements } from '../define.ts';
import { show, statesOf, stories } from './stories.ts';

afterEach(() => {
  document.body.replaceChildren();
  document.documentElement.style.colorScheme = '';
});

/** Text of an element with that of the elements within. */
function textOf(root: ParentNode): string {
  const own = root instanceof Element ? (root.shadowRoot ?? root) : root;
  const inner = [...own.querySelectorAll('*')].filter((one) => one.shadowRoot !== null).map(textOf);
  const named = [...own.querySelectorAll('[aria-label]')].map((one) => one.getAttribute('aria-label'));
  return [own.textContent, ...named, ...inner].join(' ');
}

const said = {
  loading: /Loading|loading|Waiting|Who runs the collector/u,
  error: /The database does not answer|could not be loaded|Try again|Who runs the collector/u,
  denied: /may not show|needs read|could not be loaded|Who runs the collector/u,
  offline: /Offline|offline/u,
  stale: /old/u,
  partial: /1 of 2 queries/u,
} as const;

test('each element has stories', () => {
  const told: readonly string[] = stories.map(({ tag }) => tag).toSorted();
  expect(told).toEqual(
    elements
      .map(([tag]) => tag)
      .filter((tag) => tag !== 'tarsier-provider')
      .toSorted(),
  );
});

test.each(stories)('$tag in each of its states says which it is, and is accessible in both themes', async (story) => {
  const shown = statesOf(story).map((state) => ({ state, provider: show(story, state) }));
  const main = document.createElement('main');
  main.append(...shown.map(({ provider }) => provider));
  document.body.append(main);
  for (const { state, provider } of shown) {
    const element = provider.firstElementChild;
    if (element === null) expect.unreachable();
    if (state === 'ready' || state === 'empty') {
      await expect.poll(() => element.shadowRoot?.querySelector('[aria-busy]'), { timeout: 20_000 }).toBeNull();
    } else {
      await expect.poll(() => textOf(element), { message: state, timeout: 20_000 }).toMatch(said[state]);
    }
  }
  for (const theme of ['light', 'dark']) {
    document.documentElement.style.colorScheme = theme;
    // The same element stands here several times.
    await expectAccessible(main, 'landmark-unique');
  }
});
