/** Words of one area in several languages; what is not translated is English. */
export interface Catalogue<Words> {
  /** @param lang  BCP 47: `de-AT` finds `de`; undefined is the browser's */
  in(lang: string | undefined): Words;
  /** @param language  primary subtag, `de` */
  add(language: string, words: Words): void;
  /** Tells when a language was added, as one that is loaded on demand is. @returns ends the telling */
  subscribe(listener: () => void): () => void;
}

/** @param loaders  languages that are loaded when somebody first asks for them; English until then */
export function createCatalogue<Words>(
  english: Words,
  loaders: Readonly<Record<string, () => Promise<Words>>> = {},
): Catalogue<Words> {
  const byLanguage = new Map<string, Words>([['en', english]]);
  const loading = new Set<string>();
  const listeners = new Set<() => void>();
  function add(language: string, words: Words): void {
    byLanguage.set(language, words);
    for (const listener of [...listeners]) listener();
  }
  function load(language: string): void {
    const loader = Object.hasOwn(loaders, language) ? loaders[language] : undefined;
    if (loader === undefined || loading.has(language)) return;
    loading.add(language);
    loader().then(
      (words) => add(language, words),
      // The network: whoever asks next tries again.
      () => loading.delete(language),
    );
  }
  return {
    add,
    in(lang) {
      const tag = lang ?? (globalThis as { navigator?: { language?: string } }).navigator?.language ?? 'en';
      const language = tag.split('-')[0]?.toLowerCase() ?? 'en';
      const words = byLanguage.get(language);
      if (words === undefined) load(language);
      return words ?? english;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
