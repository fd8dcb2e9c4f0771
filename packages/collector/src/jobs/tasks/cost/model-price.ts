/** What tokens cost by the price table. */
import { parseUsd, priceOf, type Nanos } from '@tarsier/protocol';
import type { ModelPrice } from '@tarsier/protocol/api';

/** Whole numbers; each token once. */
export type Tokens = Readonly<Record<'input' | 'cached' | 'cacheWrite' | 'output', number>>;
/** Of a million of each. */
export type TokenPrice = Readonly<Record<keyof Tokens, Nanos>>;

export const million = 1_000_000;

export function costOf({ input, cached, cacheWrite, output }: Tokens, price: TokenPrice): Nanos {
  return (
    priceOf(input, price.input, million) +
    priceOf(cached, price.cached, million) +
    priceOf(cacheWrite, price.cacheWrite, million) +
    priceOf(output, price.output, million)
  );
}

/** The first line of the table that fits. */
export function priceFor(
  table: readonly ModelPrice[],
  { provider, model }: { readonly provider: string; readonly model: string },
): TokenPrice | undefined {
  const found = table.find((one) => fits(one.model, model) && fits(one.provider, provider));
  if (found === undefined) return undefined;
  const usd = (text: string): Nanos => parseUsd(text) ?? 0;
  const input = usd(found.input);
  return {
    input,
    output: usd(found.output),
    cached: found.cachedInput === undefined ? input : usd(found.cachedInput),
    cacheWrite: found.cacheWrite === undefined ? input : usd(found.cacheWrite),
  };
}

/** `*` stands for any text; a pattern is no regular expression. */
function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - at >= last.length && name.endsWith(last);
}
