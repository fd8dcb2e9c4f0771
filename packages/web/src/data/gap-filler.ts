import { heldFromAnswers } from './range-query.ts';
import type { HeldSubscription } from './held-subscription.ts';
import type { Api } from './rest.ts';
import type { Span } from './time-range.ts';

/**
 * Asks for the raw samples of a span and puts them where the subscription has none.
 *
 * @throws {RequestError}
 */
export async function fillFrom(api: Api, subscription: HeldSubscription, { from, to }: Span): Promise<void> {
  const { selector } = subscription.query;
  const parameters = new URLSearchParams({ query: selector, start: String(from / 1000), end: String(to / 1000) });
  const answer = await api.get(`/v1/query_range?${parameters}`);
  const known = new Map(subscription.series.map(({ name, kind, unit }) => [name, { kind, unit }]));
  subscription.fill(heldFromAnswers([answer], (name) => known.get(name) ?? { kind: 'gauge', unit: '' }, 0));
  subscription.changed();
}
