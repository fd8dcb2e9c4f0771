/**
 * The collectors of an installation: those that the operator has named, and those that these tell of. Who could tell an
 * evil address has had the key with the same request; that it leads nowhere else for long is docs/security.md.
 */
import type { PostAnswer } from './post.ts';

export interface CollectorList {
  /** Where to go next: to the one that is preferred of those that are not away. Never nowhere. */
  next(): string;
  answered(url: string): void;
  /** It has taken a batch, and told of these: all that there are, the one to prefer first, separated by spaces. */
  told(url: string, collectors: PostAnswer['headers'][string]): void;
  /** It did not answer, or has none to take what it is sent. */
  away(url: string): void;
  /** All that may be gone to. */
  known(): readonly string[];
  /** Whether the operator named it. */
  isNamed(url: string): boolean;
}

export interface CollectorListDeps {
  /** Named by the operator, the one to prefer first; at least one. */
  readonly urls: readonly string[];
  /** Whether they may tell of others. */
  readonly discover: boolean;
  readonly monotonic: () => number;
}

/**
 * After so long those that the operator named are gone back to: one that was away may be there again, and what they
 * told counts no longer.
 */
const returnMs = 5 * 60_000;
/** One that was told of and can't be reached from here, as behind a firewall, or is no collector is tried less and less. */
const longestAwayMs = 60 * 60_000;
const mostTold = 16;
const longestUrl = 300;

export function createCollectorList({ urls, discover, monotonic }: CollectorListDeps): CollectorList {
  const named = urls.map((url) => new URL(url).href);
  let told: readonly string[] = [];
  let toldAt = -Infinity;
  const aways = new Map<string, { readonly until: number; readonly times: number }>();

  function inOrder(): readonly string[] {
    const isFresh = monotonic() - toldAt < returnMs;
    return [...new Set(isFresh ? [...told, ...named] : [...named, ...told])];
  }

  return {
    next() {
      const all = inOrder();
      const there = all.find((url) => (aways.get(url)?.until ?? -Infinity) <= monotonic());
      if (there !== undefined) return there;
      // The one that has been away for longest.
      const [first = ''] = all.toSorted((a, b) => (aways.get(a)?.until ?? 0) - (aways.get(b)?.until ?? 0));
      return first;
    },
    answered(url) {
      aways.delete(url);
    },
    told(url, collectors) {
      // The others could lead on and on, away from what the operator knows.
      if (!discover || !named.includes(url)) return;
      told = toldIn(collectors, new URL(url).protocol);
      toldAt = monotonic();
      const known = new Set([...named, ...told]);
      for (const one of [...aways.keys()]) if (!known.has(one)) aways.delete(one);
    },
    away(url) {
      const times = aways.get(url)?.times ?? 0;
      const ms = named.includes(url) ? returnMs : Math.min(longestAwayMs, returnMs * 2 ** times);
      aways.set(url, { until: monotonic() + ms, times: times + 1 });
    },
    known: inOrder,
    isNamed: (url) => named.includes(url),
  };
}

/** What is no address of a collector is left out, and so is one that is less safe than the one that tells of it. */
function toldIn(value: PostAnswer['headers'][string], protocol: string): readonly string[] {
  if (typeof value !== 'string') return [];
  const found = value.split(/\s+/u, mostTold).flatMap((text) => {
    if (text.length > longestUrl || !URL.canParse(text)) return [];
    const url = new URL(text);
    const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && protocol === 'http:');
    // An origin and nothing else: no path, no user, no password.
    return isSafe && url.href === `${url.origin}/` ? [url.href] : [];
  });
  return [...new Set(found)];
}
