import { formatUsd } from '@tarsier/protocol';
import { toCsv } from '@tarsier/protocol/formats';
import type { Context } from 'hono';
import type { AppEnv } from '../app-env.ts';
import { kindOf } from './read-facts.ts';

/** A whole amount as it is shown: money with all its digits, never as `1e-9`. */
export function amountText(what: string, amount: number): string {
  const { unit, per = 1 } = kindOf(what);
  return unit === 'usd' ? formatUsd(amount) : String(amount / per);
}

/** A file of a spreadsheet. */
export function csvFile(c: Context<AppEnv>, name: string, rows: readonly (readonly string[])[]): Response {
  return c.body(toCsv(rows), 200, {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name}"`,
  });
}
