import { heldFromAnswers, seriesAbout } from './range-query.ts';
import type { HeldSubscription } from './held-subscription.ts';
import type { Api } from './rest.ts';
import type { Span } from './time-range.ts';

const retryMs = 3_000;
const unknown = { kind: 'gauge', unit: '' } as const;

export interface GapFiller {
  /** Asks for the raw samples of a span and puts them where the subscription has none; again until that was done. */
  fill(subscription: HeldSubscription, span: Span): void;
  /** Tries again at once, as after a cut. */
  retry(): void;
  stop(): void;
}

/** @param failed  whether a failure is one that no further try mends */
export function createGapFiller(api: Api, failed: (error: unknown) => boolean): GapFiller {
  const open = new Map<HeldSubscription, Span>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function run(subscription: HeldSubscription, span: Span): Promise<void> {
    try {
      await fillFrom(api, subscription, span);
      // It may have grown meanwhile.
      if (open.get(subscription) === span) open.delete(subscription);
    } catch (error) {
      // Nobody shows it any more, or nobody may.
      if (failed(error) || subscription.listeners.size === 0) open.delete(subscription);
      else timer ??= setTimeout(retry, retryMs);
    }
  }

  function retry(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const [subscription, span] of [...open]) void run(subscription, span);
  }

  return {
    fill(subscription, { from, to }) {
      const before = open.get(subscription);
      const span = { from: Math.min(from, before?.from ?? from), to: Math.max(to, before?.to ?? to) };
      open.set(subscription, span);
      void run(subscription, span);
    },
    retry,
    stop() {
      clearTimeout(timer);
      timer = undefined;
      open.clear();
    },
  };
}

/** @throws {RequestError} */
export async function fillFrom(api: Api, subscription: HeldSubscription, { from, to }: Span): Promise<void> {
  const { selector } = subscription.query;
  const parameters = new URLSearchParams({ query: selector, start: String(from / 1000), end: String(to / 1000) });
  const answer = await api.get(`/v1/query_range?${parameters}`);
  const known = new Map(subscription.series.map(({ name, kind, unit }) => [name, { kind, unit }]));
  const held = heldFromAnswers([answer], (name) => known.get(name) ?? unknown, 0);
  // A page that never had a live connection has not been told of what it shows the samples.
  if (held.some(({ name }) => !known.has(name))) {
    const about = await seriesAbout(api, selector);
    subscription.fill(held.map((one) => ({ ...one, ...(known.get(one.name) ?? about(one.name)) })));
  } else subscription.fill(held);
  subscription.changed();
}
