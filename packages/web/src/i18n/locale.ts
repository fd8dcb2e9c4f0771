/** The language and time zone that something is written in. */
export interface Locale {
  /** BCP 47, as `Intl` takes it; undefined: the browser's own. */
  readonly lang: string | undefined;
  /** IANA name or `UTC`; undefined: the browser's own. */
  readonly timeZone: string | undefined;
}

export const browserLocale: Locale = { lang: undefined, timeZone: undefined };

/** The language of the nearest `lang`, through shadow roots, then of the document; undefined: the browser's. */
export function langOf(element: Element): string | undefined {
  for (let node: Node | null = element; node !== null; node = parentOf(node)) {
    const lang = node instanceof Element ? node.getAttribute('lang') : null;
    // A browser in the C locale, or an author, may say what is no language tag.
    if (lang !== null && lang !== '') return isLanguageTag(lang) ? lang : undefined;
  }
  return undefined;
}

function parentOf(node: Node): Node | null {
  return node instanceof ShadowRoot
    ? node.host
    : node instanceof Element
      ? (node.assignedSlot ?? node.parentNode)
      : null;
}

export function isLanguageTag(lang: string): boolean {
  try {
    return Intl.getCanonicalLocales(lang).length === 1;
  } catch {
    return false;
  }
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

const formats = new Map<string, unknown>();

/** One formatter per locale and use: making one costs about seventy times as much as using it. */
export function cachedFormat<T>({ lang = '', timeZone = '' }: Locale, use: string, make: () => T): T {
  const key = `${lang}|${timeZone}|${use}`;
  // Equal keys come from equal makers.
  let format = formats.get(key) as T | undefined;
  if (format === undefined) {
    format = make();
    formats.set(key, format);
  }
  return format;
}
