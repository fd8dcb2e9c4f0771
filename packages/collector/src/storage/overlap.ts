import type { UnixMs } from '@tarsier/protocol';
import { and, eq, gte, isNull, lte, or } from 'drizzle-orm';
import type { anomaly } from './schema.ts';

/** What lasted from `start` to `end` at least in part, or still does. */
export function overlaps(
  table: typeof anomaly,
  tenantId: number,
  { start, end, host }: { readonly start: UnixMs; readonly end: UnixMs; readonly host?: string | undefined },
) {
  return and(
    eq(table.tenantId, tenantId),
    lte(table.start, end),
    or(isNull(table.end), gte(table.end, start)),
    host === undefined ? undefined : eq(table.host, host),
  );
}
