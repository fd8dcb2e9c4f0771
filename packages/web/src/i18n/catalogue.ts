/** Words of one area in several languages; what is not translated is English. */
export interface Catalogue<Words> {
  /** @param lang  BCP 47: `de-AT` finds `de`; undefined is the browser's */
  in(lang: string | undefined): Words;
  /** @param language  primary subtag, `de` */
  add(language: string, words: Words): void;
  /** Tells when a language was added, as one that is loaded on demand is. @returns ends the telling */
  subscribe(listener: () => void): () => void;
}

export function createCatalogue<Words>(english: Words): Catalogue<Words> {
  const byLanguage = new Map<string, Words>([['en', english]]);
  const listeners = new Set<() => void>();
  return {
    in(lang) {
      const language = lang ?? (globalThis as { navigator?: { language?: string } }).navigator?.language ?? 'en';
      return byLanguage.get(language.split('-')[0]?.toLowerCase() ?? 'en') ?? english;
    },
    add(language, words) {
      byLanguage.set(language, words);
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
