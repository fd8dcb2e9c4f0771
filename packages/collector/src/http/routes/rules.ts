import { TarsierError } from '@tarsier/protocol';
import { rulesOf, type NewRule, type Rule } from '@tarsier/protocol/api';
import type { Alerting } from '../../alert/alerting.ts';
import { exportRules } from '../../alert/groups/export-rules.ts';
import type { RuleBoards } from '../../alert/rule-boards.ts';
import { typeOf } from '../../query/language/check-types.ts';
import { parseQuery, parseSelector } from '../../query/language/parse.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';
import { resourceRoutes } from '../api/resource-routes.ts';

/** `/v1/rules`: what is alerted on. A change counts from the next sample. */
export function ruleRoutes(
  api: Api,
  {
    storage,
    alerting,
    boards,
  }: {
    readonly storage: Pick<Storage, 'rules'>;
    readonly alerting: Pick<Alerting, 'reloadRules'>;
    readonly boards: Pick<RuleBoards, 'of'>;
  },
): void {
  resourceRoutes(api, 'rules', {
    store: storage.rules,
    async check(tenant, rule) {
      checkExpressions(rule);
      if (rule.kind !== 'composite') return;
      const ofFiles = (await boards.of(tenant)).groups.flatMap(({ group }) => group.rules);
      const fileRules = ofFiles.flatMap((one) => (one.kind === 'alert' ? [one.alert] : []));
      checkCondition(rule, await storage.rules.list(tenant), fileRules);
    },
    changed: (tenant) => alerting.reloadRules(tenant),
  });
  api.on('GET /v1/rule-export', async ({ c, tenant }) =>
    c.body(exportRules(await storage.rules.list(tenant)), 200, { 'content-type': 'application/yaml' }),
  );
  api.on('GET /v1/rule-evaluations', async ({ tenant }) => ({
    evaluations: (await boards.of(tenant)).evaluations,
  }));
}

/** @throws {TarsierError} `query/…`, `rules/body` */
function checkExpressions(rule: NewRule): void {
  switch (rule.kind) {
    case 'threshold':
    case 'anomaly':
    case 'no-data':
      parseSelector(rule.selector);
      return;
    case 'forecast':
      checkVector('selector', rule.selector);
      return;
    case 'expression':
      checkVector('expr', rule.expr);
      if (rule.clearExpr !== undefined) checkVector('clearExpr', rule.clearExpr);
      return;
    case 'composite':
  }
}

function checkVector(field: string, text: string): void {
  const type = typeOf(parseQuery(text));
  if (type === 'vector' || (type === 'scalar' && field !== 'selector')) return;
  throw new TarsierError('rules/body', `${field}: expected an instant vector, got a ${type}`, { field });
}

type Composite = Extract<NewRule, { kind: 'composite' }>;

/** Every rule that it names is there, and none of them looks at it in turn. @throws {TarsierError} `rules/body` */
function checkCondition({ name, condition }: Composite, rules: readonly Rule[], fileRules: readonly string[]): void {
  const field = 'condition';
  const waiting = [...rulesOf(condition)];
  const seen = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const named = rules.filter((rule) => rule.id === next || rule.name === next);
    if (named.length === 0 && !fileRules.includes(next)) {
      throw new TarsierError('rules/body', `condition: there is no rule ${JSON.stringify(next)}`, { field });
    }
    if (next === name) throw new TarsierError('rules/body', 'condition: it would depend on itself', { field });
    for (const rule of named) if (rule.kind === 'composite') waiting.push(...rulesOf(rule.condition));
  }
}
