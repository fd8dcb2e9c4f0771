/** What the order of notifications follows from. */
export interface Sequenced {
  readonly tenantId: number;
  readonly channel: { readonly id: string };
  readonly incidentId: string;
  readonly number: number;
}

/** What one channel is told of one incident: a receiver that hears of the end first thinks that it fires for ever. */
export function sequenceKey({ tenantId, channel, incidentId }: Sequenced): string {
  return `${tenantId}/${channel.id}/${incidentId}`;
}

/** Notifications that must follow each other, in their order. */
export function sequences<N extends Sequenced>(notifications: readonly N[]): readonly (readonly N[])[] {
  const byKey = Map.groupBy(notifications, sequenceKey);
  return Array.from(byKey.values(), (some) => some.toSorted((a, b) => a.number - b.number));
}
