/** From which surprise an event is a page, so that a tenant's budget of false alarms is kept. */
import type { Budget } from '@tarsier/protocol/api';

export const defaultBudget: Budget = { pages: 1, perHostDays: 7 };

const dayMs = 86_400_000;
/** What is told at all at 1 s: one tick in four hours. No budget makes less of it a page. */
const leastSurprise = 4.2;
/** Periods of the budget that have to be over before events lower what theory says. */
const trustedPeriods = 4;
/** Above the largest event that is too many. */
const margin = 0.01;

export interface PageHistory {
  /** Largest surprise of each event; without those that somebody found useful. */
  readonly surprises: readonly number[];
  readonly hosts: number;
  readonly observedMs: number;
}

/**
 * In theory so many pages are one in so many ticks. Events of real hosts come in heaps and with heavier tails, so that
 * once there are more than the budget allows the threshold is above the first that is too many; and once four periods
 * passed with less, it is lowered to what fills the budget.
 */
export function pageThreshold(
  { pages, perHostDays }: Budget,
  { surprises, hosts, observedMs }: PageHistory,
  intervalMs: number,
): { readonly surprise: number; readonly from: 'theory' | 'events' } {
  const periodMs = perHostDays * dayMs;
  const theory = Math.max(leastSurprise, Math.log10(periodMs / pages / intervalMs));
  const allowed = Math.floor((pages * hosts * observedMs) / periodMs);
  const sorted = surprises.toSorted((a, b) => b - a);
  const firstTooMany = sorted[allowed];
  if (firstTooMany !== undefined && firstTooMany >= theory) {
    return { surprise: firstTooMany + margin, from: 'events' };
  }
  if (observedMs < trustedPeriods * periodMs) return { surprise: theory, from: 'theory' };
  return { surprise: Math.min(theory, Math.max(leastSurprise, (firstTooMany ?? 0) + margin)), from: 'events' };
}
