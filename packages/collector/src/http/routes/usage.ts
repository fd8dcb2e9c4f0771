import type { TenantScope } from '../../tenant.ts';
import { dayMs, dayText } from '../../storage/hours.ts';
import { dayNumber } from '../../storage/usage.ts';
import type { Api } from '../api/call.ts';
import { amountText, csvFile } from '../usage/csv.ts';
import { kindOf, readFacts, type Fact, type FactReader } from '../usage/read-facts.ts';

interface Wanted {
  readonly tenant: TenantScope;
  readonly signal: AbortSignal;
  readonly query: { readonly from: string; readonly to: string; readonly host?: string };
}

/** `GET /v1/usage` and the same as CSV: `GET /v1/usage/csv`. */
export function usageRoutes(api: Api, reader: FactReader): void {
  async function used({ tenant, signal, query: { from, to, host } }: Wanted): Promise<readonly Fact[]> {
    const days = { from: dayNumber(Date.parse(from)), to: dayNumber(Date.parse(to)) };
    const { facts } = await readFacts(reader, tenant, { ...days, signal });
    return facts.filter((fact) => host === undefined || fact.host === host);
  }

  api.on('GET /v1/usage', async (call) => ({
    usage: (await used(call)).map(({ day, what, amount, ...fact }) => {
      const { name, unit, per = 1 } = kindOf(what);
      return { day: dayText(day * dayMs), ...fact, what: name, amount: amount / per, unit };
    }),
  }));
  api.on('GET /v1/usage/csv', async (call) => {
    const header = ['day', 'host', 'agent', 'model', 'job', 'what', 'amount', 'unit'];
    const rows = (await used(call)).map(({ day, host, agent, model, job, what, amount }) => {
      const { name, unit } = kindOf(what);
      return [dayText(day * dayMs), host, agent, model, job, name, amountText(what, amount), unit];
    });
    return csvFile(call.c, 'tarsier-usage.csv', [header, ...rows]);
  });
}
