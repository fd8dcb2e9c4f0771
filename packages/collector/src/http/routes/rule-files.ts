import { TarsierError } from '@tarsier/protocol';
import { ruleFileNameSchema, type RuleFilePutResponse, type RuleFilesResponse } from '@tarsier/protocol/api';
import { Hono, type Context } from 'hono';
import { parseRuleFile } from '../../alert/groups/rule-file.ts';
import type { RuleGroups } from '../../alert/groups/rule-groups.ts';
import type { Storage } from '../../storage/storage.ts';
import { requireScope, type Identity } from '../../tenancy/authenticate.ts';
import type { AppEnv } from '../app-env.ts';
import { readBody } from '../body.ts';
import { parse } from '../parse.ts';

const maxBytes = 1024 * 1024;
const yamlType = 'application/yaml';

/** `/v1/rule-files`: rule groups in Prometheus's YAML. A change counts at once. */
export function ruleFileRoutes({
  storage,
  ruleGroups,
}: {
  readonly storage: Pick<Storage, 'ruleFiles'>;
  readonly ruleGroups: RuleGroups;
}): Hono<AppEnv> {
  const named = (c: Context<AppEnv>, scope: Identity['scope']) => {
    const identity = c.get('identity');
    requireScope(identity, scope);
    const name = parse(ruleFileNameSchema, c.req.param('name'), 'rules/name');
    return { tenant: identity.tenant, name };
  };
  const missing = (name: string) => new TarsierError('http/not-found', `there is no rule file ${name}`);

  return new Hono<AppEnv>()
    .get('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const states = Map.groupBy(ruleGroups.states(identity.tenant), ({ file }) => file);
      const files = await storage.ruleFiles.list(identity.tenant);
      const body: RuleFilesResponse = {
        files: files.map(({ name, updatedAt }) => ({
          name,
          updatedAt,
          groups: (states.get(name) ?? []).map(({ group, rules, evaluatedAt, evaluationMs, missed }) => ({
            name: group.name,
            intervalMs: group.intervalMs,
            rules: rules.length,
            failing: rules.filter(({ health }) => health === 'err').length,
            ...(evaluatedAt === 0 ? {} : { evaluatedAt }),
            evaluationMs,
            missed,
          })),
        })),
      };
      return c.json(body);
    })
    .get('/:name', async (c) => {
      const { tenant, name } = named(c, 'read');
      const file = await storage.ruleFiles.find(tenant, name);
      if (file === undefined) throw missing(name);
      return c.body(file.body, 200, { 'content-type': yamlType });
    })
    .put('/:name', async (c) => {
      const { tenant, name } = named(c, 'write');
      const text = utf8(await readBody(c, maxBytes));
      const groups = parseRuleFile(text);
      await storage.ruleFiles.put(tenant, name, text);
      await ruleGroups.reload();
      const rules = groups.flatMap((group) => group.rules);
      const recording = rules.filter(({ kind }) => kind === 'record').length;
      const body: RuleFilePutResponse = {
        name,
        groups: groups.length,
        recording,
        alerting: rules.length - recording,
      };
      return c.json(body);
    })
    .delete('/:name', async (c) => {
      const { tenant, name } = named(c, 'write');
      if (!(await storage.ruleFiles.delete(tenant, name))) throw missing(name);
      await ruleGroups.reload();
      return c.body(null, 204);
    });
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TarsierError('rules/file', 'body: expected UTF-8', { cause });
  }
}
