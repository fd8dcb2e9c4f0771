/** What jobs cost: metered CPU time at a price for each second of it. */
import { formatUsd, priceOf, type Nanos } from '@tarsier/protocol';

/** 0.18 USD an hour of one core: about three times what a core costs to rent, for the memory and the database with it. */
export const defaultPricePerSecond: Nanos = 50_000;

export function costOfMs(ms: number, pricePerSecond: Nanos): Nanos {
  return priceOf(Math.ceil(ms), pricePerSecond, 1_000);
}

/** `1.25 s of CPU x 0.00005 USD = 0.0000625 USD`. */
export function arithmeticOf(ms: number, pricePerSecond: Nanos): string {
  const cost = formatUsd(costOfMs(ms, pricePerSecond));
  return `${Math.ceil(ms) / 1_000} s of CPU x ${formatUsd(pricePerSecond)} USD = ${cost} USD`;
}
