import { createStore } from '../data/store.ts';
import type { Store } from '../data/store.ts';
import { isTimeZone } from '../i18n/locale.ts';

export const themes = ['system', 'light', 'dark', 'contrast'] as const;
export type Theme = (typeof themes)[number];

/** '' follows the browser. */
export const languages = ['', 'en', 'de'] as const;
export type Language = (typeof languages)[number];

export interface Preferences {
  readonly theme: Theme;
  readonly language: Language;
  /** IANA name; '' follows the browser. */
  readonly timeZone: string;
}

const key = 'tarsier-preferences';

const defaults: Preferences = { theme: 'system', language: '', timeZone: '' };

/** The viewer's choices, kept in this browser. */
export function createPreferences(keep: Pick<Storage, 'getItem' | 'setItem'>): Store<Preferences> {
  const store = createStore<Preferences>(read(keep));
  return {
    ...store,
    get value() {
      return store.value;
    },
    set(next) {
      store.set(next);
      try {
        keep.setItem(key, JSON.stringify(next));
      } catch {
        // Private windows may refuse; the choice then holds for this page only.
      }
    },
  };
}

/** What is not one of the choices, as another version may have left it, is the default. */
function read(keep: Pick<Storage, 'getItem'>): Preferences {
  try {
    const parsed: unknown = JSON.parse(keep.getItem(key) ?? '{}');
    const kept: Partial<Record<string, unknown>> = typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
    const { timeZone } = kept;
    return {
      theme: themes.find((theme) => theme === kept['theme']) ?? defaults.theme,
      language: languages.find((language) => language === kept['language']) ?? defaults.language,
      timeZone: typeof timeZone === 'string' && isTimeZone(timeZone) ? timeZone : defaults.timeZone,
    };
  } catch {
    return defaults;
  }
}

/** The document around the elements: page.css colours it, and elements take their language from it. */
export function applyPreferences(root: HTMLElement, { theme, language }: Preferences, browserLanguage: string): void {
  if (theme === 'system') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', theme);
  root.setAttribute('lang', language || (browserLanguage.toLowerCase().startsWith('de') ? 'de' : 'en'));
}
