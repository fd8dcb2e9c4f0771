import { z } from 'zod';
import type { TokenCounts } from './call.ts';

const usdPerMillion = z.number().min(0).max(1_000_000);

export const priceSetting = z.strictObject({
  model: z.string().min(1).max(200).describe('Name of the model; * stands for any text.'),
  provider: z.string().min(1).max(200).default('*').describe('Name of the provider; * stands for any text.'),
  input: usdPerMillion.describe('USD per million tokens that the model read.'),
  output: usdPerMillion.describe('USD per million tokens that it wrote.'),
  cachedInput: usdPerMillion.optional().describe('USD per million tokens read from a cache; as input unless set.'),
  cacheWrite: usdPerMillion.optional().describe('USD per million tokens written to a cache; as input unless set.'),
});

export type Price = z.infer<typeof priceSetting>;

/** The first price that fits, in the order of the table. */
export type FindPrice = (provider: string, models: readonly string[]) => Price | undefined;

/** Names of models and providers that are remembered. */
const mostRemembered = 1_000;

export function createPrices(table: readonly Price[]): FindPrice {
  const remembered = new Map<string, Price | undefined>();
  return (provider, models) => {
    const key = [provider, ...models].join('\0');
    if (remembered.has(key)) return remembered.get(key);
    const price = models
      .filter((model) => model !== '')
      .map((model) => table.find((one) => matches(one.model, model) && matches(one.provider, provider)))
      .find((one) => one !== undefined);
    if (remembered.size < mostRemembered) remembered.set(key, price);
    return price;
  };
}

/** USD: tokens of each kind times their price. */
export function costOf({ input, cached, cacheWrite, output }: TokenCounts, price: Price): number {
  const { cachedInput = price.input, cacheWrite: written = price.input } = price;
  return (input * price.input + cached * cachedInput + cacheWrite * written + output * price.output) / 1e6;
}

/** Whole names, whatever their case; `*` stands for any text. Linear: a pattern is no regular expression. */
export function matches(pattern: string, name: string): boolean {
  const text = name.toLowerCase();
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}
