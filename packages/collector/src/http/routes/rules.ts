import type { Alerting } from '../../alert/alerting.ts';
import { parseSelector } from '../../query/language/parse.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';
import { resourceRoutes } from '../api/resource-routes.ts';

/** `/v1/rules`: what is alerted on. A change counts from the next sample. */
export function ruleRoutes(
  api: Api,
  { storage, alerting }: { readonly storage: Pick<Storage, 'rules'>; readonly alerting: Pick<Alerting, 'reloadRules'> },
): void {
  resourceRoutes(api, 'rules', {
    store: storage.rules,
    check: (_, { selector }) => void parseSelector(selector),
    changed: (tenant) => alerting.reloadRules(tenant),
  });
}
