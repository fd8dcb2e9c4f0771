import { expect, test } from 'vitest';
import { createPreferences } from './preferences.ts';

function memory(initial: Record<string, string> = {}) {
  const kept = new Map(Object.entries(initial));
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

test('a choice is there again in the next page', () => {
  const storage = memory();
  createPreferences(storage).set({ theme: 'contrast', language: 'de', timeZone: 'Europe/Berlin' });
  expect(createPreferences(storage).value).toEqual({ theme: 'contrast', language: 'de', timeZone: 'Europe/Berlin' });
});

test.each(['nonsense', '[]', 'null', '{"theme":"pink","language":7,"timeZone":"Mars/Base"}'])(
  'what was kept as %s is as if nothing was',
  (text) => {
    const { value } = createPreferences(memory({ 'tarsier-preferences': text }));
    expect(value).toEqual({ theme: 'system', language: '', timeZone: '' });
  },
);

test('a browser that keeps nothing still follows the choice', () => {
  const preferences = createPreferences({
    getItem: () => {
      throw new Error('refused');
    },
    setItem: () => {
      throw new Error('refused');
    },
  });
  preferences.set({ ...preferences.value, theme: 'dark' });
  expect(preferences.value.theme).toBe('dark');
});
