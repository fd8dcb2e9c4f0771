import type { DataSource } from '../../data/source.ts';
import type { Store } from '../../data/store.ts';
import { languages, themes } from '../preferences.ts';
import type { Preferences } from '../preferences.ts';
import { pages } from '../pages.ts';
import { hostHash, routeHash } from '../route.ts';
import type { AppWords } from '../words/en.ts';

export interface PaletteEntry {
  readonly kind: keyof Pick<AppWords['palette'], 'host' | 'metric' | 'alert' | 'page' | 'action'>;
  readonly text: string;
  readonly run: () => void;
}

export interface EntryDeps {
  readonly words: AppWords;
  readonly source: DataSource | undefined;
  readonly metrics: readonly string[];
  readonly preferences: Store<Preferences> | undefined;
  readonly go: (hash: string) => void;
  readonly copyLink: () => void;
  readonly showKeys: () => void;
}

/** All that the palette can find: pages first, then what is wrong, hosts, metrics, and what can be done. */
export function paletteEntries(deps: EntryDeps): readonly PaletteEntry[] {
  const { words, source, metrics, preferences, go, copyLink, showKeys } = deps;
  const hosts = source?.hosts.value;
  const alerts = source?.alerts.value;
  const explore = pages.some(({ name }) => name === 'explore');
  return [
    ...pages.map(({ name }, i): PaletteEntry => {
      return { kind: 'page', text: words.pages[name], run: () => go(routeHash({ page: i === 0 ? '' : name })) };
    }),
    ...(alerts?.kind === 'ready' ? alerts.value : [])
      .filter(({ state }) => state.kind === 'firing')
      .map(({ name, host }): PaletteEntry => {
        return { kind: 'alert', text: `${name} · ${host}`, run: () => go(routeHash({ page: 'alerts' })) };
      }),
    ...(hosts?.kind === 'ready' ? hosts.value : []).map(({ host }): PaletteEntry => {
      return { kind: 'host', text: host, run: () => go(hostHash(host)) };
    }),
    ...(explore ? metrics : []).map((metric): PaletteEntry => {
      return {
        kind: 'metric',
        text: metric,
        run: () => go(routeHash({ page: 'explore', parameters: { query: metric } })),
      };
    }),
    { kind: 'action', text: words.palette.copyLink, run: copyLink },
    { kind: 'action', text: words.palette.keys, run: showKeys },
    ...(preferences === undefined ? [] : choices(words, preferences)),
  ];
}

function choices({ palette, ...words }: AppWords, preferences: Store<Preferences>): readonly PaletteEntry[] {
  return [
    ...themes.map((theme): PaletteEntry => {
      const text = palette.theme(words.themes[theme]);
      return { kind: 'action', text, run: () => preferences.set({ ...preferences.value, theme }) };
    }),
    ...languages.map((language): PaletteEntry => {
      const text = palette.language(words.languages[language]);
      return { kind: 'action', text, run: () => preferences.set({ ...preferences.value, language }) };
    }),
  ];
}
