import { operations, isRaw, type Operation } from '@tarsier/protocol/api';
import { z } from 'zod';

type Json = { readonly [key: string]: unknown };

/** Values that a text's schema may ask for; the first that fits is taken. */
const texts = (marker: string): readonly string[] => [
  marker,
  'cpu_busy_ratio',
  'https://hooks.example/1',
  'ann@shop.example',
  'long enough to be a password',
  'https://shop.example',
  '00000000-0000-4000-8000-000000000000',
  '0 3 * * *',
  'UTC',
  '08:00',
  '1.50',
  '2026-11',
];

/** A request's body made from its schema, with a text in it that is found again; undefined where there is none. */
export function sampleBody(key: string, marker: string): unknown {
  const operation = (operations as Readonly<Record<string, Operation>>)[key];
  const { body } = operation ?? {};
  if (body === undefined || isRaw(body)) return undefined;
  const made = sample(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as Json, marker);
  const more = bodies[key.replace(/^\w+ \/v1\/([\w-]+).*$/u, '$1')]?.(marker, key) ?? {};
  return typeof made === 'object' && !Array.isArray(made) ? { ...made, ...more } : made;
}

const job = { type: 'noop', payload: {} };
/** What a schema can't say, by resource. */
const bodies: Readonly<Record<string, (marker: string, key: string) => object>> = {
  rules: (name) => ({ kind: 'threshold', name, selector: 'cpu_busy_ratio', op: '>', value: 2 }),
  keys: (_, key) => (key.endsWith('rotate') ? {} : { scope: 'read' }),
  tokens: () => ({ scope: 'read' }),
  'view-tokens': () => ({ selectors: ['cpu_busy_ratio'], origins: ['https://shop.example'] }),
  channels: (name) => ({ kind: 'ntfy', name, url: 'https://ntfy.sh/ops' }),
  silences: (marker) => ({ matchers: [`host="${marker}"`], endsAt: Date.now() + 3_600_000 }),
  overrides: () => ({ channels: ['x'], from: Date.now(), to: Date.now() + 3_600_000 }),
  rotations: () => ({ timeZone: 'UTC', startsOn: '2026-11-30', people: [{ name: 'ann', channels: ['x'] }] }),
  inhibitions: (marker) => ({ source: [`host="${marker}"`], target: ['severity="info"'] }),
  jobs: () => ({ ...job, jobs: [job] }),
  'job-schedules': () => ({ ...job, cron: '@daily' }),
  dashboards: (name, key) => {
    const dashboard = { name, panels: [{ element: 'tarsier-chart', attributes: { query: name } }] };
    return key.endsWith('import') ? { kind: 'tarsier.dashboard', version: 1, dashboard } : dashboard;
  },
  hosts: (_, key) =>
    key.endsWith('ledger') ? { hours: [{ hour: 0, taken: 1, sent: 1, dropped: {}, crashes: 0 }] } : {},
  budgets: () => ({ amount: '12.50' }),
};

function sample(schema: Json, marker: string): unknown {
  const options = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(options)) return sample(options[0] as Json, marker);
  if (schema['const'] !== undefined) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  switch (schema['type']) {
    case 'object': {
      const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Json>>);
      const required = (schema['required'] ?? []) as readonly string[];
      return Object.fromEntries(
        properties.filter(([name]) => required.includes(name)).map(([name, one]) => [name, sample(one, marker)]),
      );
    }
    case 'array':
      return [sample((schema['items'] ?? {}) as Json, marker)];
    case 'integer':
    case 'number':
      return Math.max(Number(schema['minimum'] ?? 1), 1);
    case 'boolean':
      return true;
    case 'string': {
      const pattern = schema['pattern'] === undefined ? undefined : new RegExp(schema['pattern'] as string, 'u');
      const least = Number(schema['minLength'] ?? 0);
      return texts(marker).find((text) => text.length >= least && (pattern?.test(text) ?? true)) ?? marker;
    }
    default:
      return {};
  }
}
