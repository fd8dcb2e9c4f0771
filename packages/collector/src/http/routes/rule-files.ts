import { TarsierError } from '@tarsier/protocol';
import { ruleFileNameSchema } from '@tarsier/protocol/api';
import { parseRuleFile } from '../../alert/groups/rule-file.ts';
import type { RuleGroups } from '../../alert/groups/rule-groups.ts';
import type { RuleBoards } from '../../alert/rule-boards.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';
import { requireStorable } from '../api/storable.ts';
import { parse } from '../parse.ts';

const yamlType = 'application/yaml';

/** `/v1/rule-files`: rule groups in Prometheus's YAML. A change counts at once. */
export function ruleFileRoutes(
  api: Api,
  {
    storage,
    ruleGroups,
    boards,
  }: {
    readonly storage: Pick<Storage, 'ruleFiles'>;
    readonly ruleGroups: Pick<RuleGroups, 'reload'>;
    readonly boards: Pick<RuleBoards, 'of'>;
  },
): void {
  const named = (name: string): string => parse(ruleFileNameSchema, name, 'rules/name');
  const missing = (name: string) => new TarsierError('http/not-found', `there is no rule file ${name}`);

  api.on('GET /v1/rule-files', async ({ tenant }) => {
    const states = Map.groupBy((await boards.of(tenant)).groups, ({ file }) => file);
    const files = await storage.ruleFiles.list(tenant);
    return {
      files: files.map(({ name, updatedAt }) => ({
        name,
        updatedAt,
        groups: (states.get(name) ?? []).map(({ group, rules, evaluatedAt, evaluationMs, missed, missedAt }) => ({
          name: group.name,
          intervalMs: group.intervalMs,
          rules: rules.length,
          failing: rules.filter(({ health }) => health === 'err').length,
          ...(evaluatedAt === 0 ? {} : { evaluatedAt }),
          evaluationMs,
          missed,
          ...(missedAt === 0 ? {} : { missedAt }),
        })),
      })),
    };
  });
  api.on('GET /v1/rule-files/{name}', async ({ c, tenant, params }) => {
    const name = named(params.name);
    const file = await storage.ruleFiles.find(tenant, name);
    if (file === undefined) throw missing(name);
    return c.body(file.body, 200, { 'content-type': yamlType });
  });
  api.on('PUT /v1/rule-files/{name}', {
    current: ({ tenant, params }) => storage.ruleFiles.find(tenant, named(params.name)),
    async handle({ tenant, params, raw = new Uint8Array(), after }) {
      const name = named(params.name);
      const text = utf8(raw);
      requireStorable(text, 'rules/file');
      const groups = parseRuleFile(text);
      await storage.ruleFiles.put(tenant, name, text);
      after(ruleGroups.reload);
      const rules = groups.flatMap((group) => group.rules);
      const recording = rules.filter(({ kind }) => kind === 'record').length;
      return { name, groups: groups.length, recording, alerting: rules.length - recording };
    },
  });
  api.on('DELETE /v1/rule-files/{name}', {
    current: ({ tenant, params }) => storage.ruleFiles.find(tenant, named(params.name)),
    async handle({ tenant, params, after }) {
      const name = named(params.name);
      if (!(await storage.ruleFiles.delete(tenant, name))) throw missing(name);
      after(ruleGroups.reload);
    },
  });
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TarsierError('rules/file', 'body: expected UTF-8', { cause });
  }
}
