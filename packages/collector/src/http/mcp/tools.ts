/** What AI agents may ask: reads of the REST API, and nothing else. Each tool is a few GET requests of the caller's. */
import { operations, type Operation, type OperationKey } from '@tarsier/protocol/api';
import { z } from 'zod';

type Read = Extract<OperationKey, `GET ${string}`>;

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Of its arguments. */
  readonly input: z.ZodType;
  /** Which paths are asked, by the name of their answer; one without a name is the answer itself. */
  readonly reads: (args: Readonly<Record<string, unknown>>) => Readonly<Record<string, string>>;
}

/** Most entries that a tool answers unless it is asked for more: a model has to read them. */
const fewEntries = 20;

const instant = z.object({
  query: z.string().min(1).max(4_096).describe('A PromQL expression.'),
  time: z.string().exactOptional().describe('Unix seconds or RFC 3339; absent: now.'),
});
const costs = z.object({
  days: z.coerce.number().int().min(1).max(366).default(7).describe('How many days back, today included.'),
});
const one = z.object({ id: z.string().min(1).max(200).describe('As in a list of incidents.') });

export const tools: readonly Tool[] = [
  {
    name: 'query',
    description:
      'Value now, or at a time, of a PromQL expression over the metrics of hosts and AI agents. For what there is, ask for series.',
    input: instant,
    reads: (args) => ({ '': withQuery('/prometheus/api/v1/query', args) }),
  },
  tool(
    'query_range',
    'GET /v1/query_range',
    'Values over time of a PromQL expression. Choose a step that gives at most some hundred points.',
  ),
  tool(
    'series',
    'GET /v1/series',
    'Which series a selector matches, as in {host="web-1"} or {__name__=~"cpu.*"}: names, labels, units.',
  ),
  tool('hosts', 'GET /v1/hosts', 'Hosts, and whether they are up.'),
  tool('alerts', 'GET /v1/alerts', 'Alerts, newest first, with the reason of each.'),
  tool('incidents', 'GET /v1/incidents', 'Incidents, the most urgent first: what people are told of.'),
  {
    name: 'incident',
    description: 'One incident with its alerts, its history, likely causes and what changed when it began.',
    input: one,
    reads: ({ id }) => ({ '': `/v1/incidents/${encodeURIComponent(String(id))}` }),
  },
  tool(
    'anomalies',
    'GET /v1/anomalies/events',
    'What detectors found unusual on hosts between two times, newest first.',
  ),
  tool('jobs', 'GET /v1/jobs', 'Jobs of the models, newest first, with their state and cost.'),
  {
    name: 'costs',
    description: 'What jobs have cost by day and type, budgets and what is left of them, and the price table.',
    input: costs,
    reads: (args) => ({ jobs: withQuery('/v1/jobs/usage', args), budgets: '/v1/budgets', prices: '/v1/prices' }),
  },
];

/** A tool that takes what an operation takes, with shorter lists. */
function tool(name: string, key: Read, description: string): Tool {
  const { query }: Operation = operations[key];
  if (query === undefined) throw new Error(`${key} takes nothing`);
  const isPaged = 'limit' in (propertiesOf(query) ?? {});
  const path = key.slice('GET '.length);
  return {
    name,
    description,
    input: query,
    reads: (args) => ({ '': withQuery(path, isPaged ? { limit: fewEntries, ...args } : args) }),
  };
}

/** As MCP wants it: of an object. */
export function inputSchemaOf({ input }: Tool): Readonly<Record<string, unknown>> {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return { ...schema, type: 'object', additionalProperties: false };
}

export function propertiesOf(input: z.ZodType): Readonly<Record<string, unknown>> | undefined {
  return z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }).properties;
}

function withQuery(path: string, args: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  }
  return query.size === 0 ? path : `${path}?${query}`;
}
