/**
 * Money as whole numbers of billionths of a US dollar, so that sums are exact; as decimal text where it travels. A
 * number holds up to nine million dollars of them.
 */
export type Nanos = number;

/** Largest amount, USD. */
export const maxUsd = 9_000_000;

const nanosPerUsd = 1_000_000_000;

/** `12.5` for 12,500,000,000; at least two decimals, at most nine, none of them a needless 0. */
export function formatUsd(nanos: Nanos): string {
  const sign = nanos < 0 ? '-' : '';
  const whole = Math.abs(Math.round(nanos));
  const fraction = String(whole % nanosPerUsd)
    .padStart(9, '0')
    .replace(/0{1,7}$/u, '');
  return `${sign}${Math.floor(whole / nanosPerUsd)}.${fraction}`;
}

/** @returns undefined for what is no decimal of at most nine places, or is too large */
export function parseUsd(text: string): Nanos | undefined {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d{1,7})(?:\.(\d{1,9}))?$/u.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const nanos = Number(whole) * nanosPerUsd + Number(fraction.padEnd(9, '0'));
  if (nanos > maxUsd * nanosPerUsd) return undefined;
  return sign === '-' && nanos > 0 ? -nanos : nanos;
}

/**
 * `quantity * price / per`, in whole billionths, a half rounded up. Exact where plain numbers are not: tokens times a
 * price for a million of them.
 *
 * @param quantity  a whole number
 * @param price     for `per` of them
 */
export function priceOf(quantity: number, price: Nanos, per: number): Nanos {
  const product = BigInt(quantity) * BigInt(price);
  const divisor = BigInt(per);
  return Number((product * 2n + divisor) / (divisor * 2n));
}
