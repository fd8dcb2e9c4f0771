import type { UnixMs } from '@tarsier/protocol';

/** What the order of notifications follows from. */
export interface Sequenced {
  readonly tenantId: number;
  readonly id: string;
  readonly channel: { readonly id: string };
  readonly alert: { readonly id: string; readonly state: { readonly kind: string } };
  readonly createdAt: UnixMs;
}

/** What one channel is told of one alert: a receiver that hears of the end first thinks that it fires for ever. */
export function sequenceKey({ tenantId, channel, alert }: Sequenced): string {
  return `${tenantId}/${channel.id}/${alert.id}`;
}

/** Notifications that must follow each other, in their order. */
export function sequences<N extends Sequenced>(notifications: readonly N[]): readonly (readonly N[])[] {
  const byKey = Map.groupBy(notifications, sequenceKey);
  return Array.from(byKey.values(), (some) =>
    some.toSorted((a, b) => a.createdAt - b.createdAt || rank(a.alert.state.kind) - rank(b.alert.state.kind)),
  );
}

/** An alert that fires and ends within a millisecond. */
function rank(state: string): number {
  return state === 'resolved' ? 1 : 0;
}
