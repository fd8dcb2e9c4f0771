import { TarsierError } from '@tarsier/protocol';
import type { AnalyticsKey } from '@tarsier/protocol/api';
import { dayMs, dayText } from '../../storage/hours.ts';
import { dayNumber } from '../../storage/usage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';
import { addUp, type Amounts } from '../usage/add-up.ts';
import { amountText, csvFile } from '../usage/csv.ts';
import { kindOf, readFacts, type Fact, type FactReader } from '../usage/read-facts.ts';

interface Wanted {
  readonly tenant: TenantScope;
  readonly signal: AbortSignal;
  readonly query: { readonly from?: string; readonly to?: string; readonly by: AnalyticsKey };
}

const usualDays = 30;
const mostDays = 400;

/** `GET /v1/analytics` and the same as CSV: what `/v1/usage` has and what happened, added up. */
export function analyticsRoutes(api: Api, reader: FactReader): void {
  async function analyse({ tenant, signal, query }: Wanted) {
    const to = query.to === undefined ? dayNumber(reader.now()) : dayNumber(Date.parse(query.to));
    const from = query.from === undefined ? to - usualDays + 1 : dayNumber(Date.parse(query.from));
    if (to < from || to - from >= mostDays) {
      const first = dayText(from * dayMs);
      throw new TarsierError('http/parameter', `to: expected a day from ${first} on, within ${mostDays} days`, {
        field: 'to',
      });
    }
    const [{ facts, unpriced }, events] = await Promise.all([
      readFacts(reader, tenant, { from, to, signal }),
      reader.storage.usage.events(tenant, { from, to }),
    ]);
    const happened = events.map((event): Fact => ({ agent: '', model: '', job: '', ...event }));
    return {
      from: dayText(from * dayMs),
      to: dayText(to * dayMs),
      unpriced,
      ...addUp([...facts, ...happened], query.by),
    };
  }

  api.on('GET /v1/analytics', async (call) => {
    const { totals, rows, ...found } = await analyse(call);
    return {
      ...found,
      by: call.query.by,
      units: Object.fromEntries([...totals.keys()].map((what) => [kindOf(what).name, kindOf(what).unit])),
      totals: shown(totals),
      rows: rows.map(({ key, amounts }) => ({ key, amounts: shown(amounts) })),
    };
  });
  api.on('GET /v1/analytics/csv', async (call) => {
    const { totals, rows } = await analyse(call);
    const names = [...totals.keys()];
    const lines = rows.map(({ key, amounts }) => [
      key,
      ...names.map((what) => amountText(what, amounts.get(what) ?? 0)),
    ]);
    const header = [call.query.by, ...names.map((what) => kindOf(what).name)];
    return csvFile(call.c, 'tarsier-analytics.csv', [header, ...lines]);
  });
}

function shown(amounts: Amounts): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...amounts].map(([what, amount]) => {
      const { name, per = 1 } = kindOf(what);
      return [name, amount / per];
    }),
  );
}
