import { afterEach, expect, test } from 'vitest';
import { createFakeSource } from '../../testing/fake-source.ts';
import { mount, shownText } from '../../testing/mount.ts';

let end = (): void => undefined;
afterEach(() => end());

test('elements find their provider through shadow roots, and follow it when it gets another source', async () => {
  const mounted = mount('tarsier-connection');
  end = mounted.end;
  const shell = document.createElement('div');
  const inside = document.createElement('tarsier-connection');
  shell.attachShadow({ mode: 'open' }).append(inside);
  mounted.provider.append(shell);
  await mounted.provider.updateComplete;
  await inside.updateComplete;
  expect(shownText(inside)).toBe('Live');
  const other = createFakeSource();
  other.connection.set({ kind: 'signed-out', since: 0 });
  mounted.provider.source = other.source;
  await mounted.provider.updateComplete;
  await inside.updateComplete;
  expect(shownText(inside)).toBe('Signed out');
});

test('a token is read and taken out of the document', async () => {
  const mounted = mount('tarsier-connection');
  end = mounted.end;
  mounted.provider.setAttribute('token', 'tsr_secret');
  await mounted.provider.updateComplete;
  expect(mounted.provider.outerHTML).not.toContain('tsr_secret');
});

test('the page is told when the connection changes', async () => {
  const mounted = mount('tarsier-connection');
  end = mounted.end;
  await mounted.provider.updateComplete;
  const heard: unknown[] = [];
  mounted.provider.addEventListener('tarsier-connection', (event) => {
    if (event instanceof CustomEvent) heard.push(event.detail.kind);
  });
  mounted.connection.set({ kind: 'connecting', since: 0 });
  expect(heard).toEqual(['connecting']);
});
