/** The API as OpenAPI 3.1, made of the operations' schemas. */
import { isRaw, operations, problemSchema, problemType, type Operation, type RawContent } from '@tarsier/protocol/api';
import { z } from 'zod';

export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: Readonly<Record<string, unknown>>;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    /** Refusals by status, as a problem. */
    readonly responses: Readonly<Record<string, OpenApiResponse>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, OpenApiResponse | { readonly $ref: string }>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** The least scope of a key. */
  readonly 'x-scope': string;
}

export interface OpenApiResponse {
  readonly description: string;
  readonly content?: Content;
}

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export type JsonSchema = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>;

const texts: Readonly<Record<number, string>> = {
  400: 'Something in the request is not as expected.',
  401: 'Nobody is known by that key or session.',
  403: 'The key may not do that.',
  404: 'There is no such thing.',
  409: 'It does not fit what is there.',
  412: 'It has changed since it was read.',
  413: 'The body is too large.',
  415: 'The body is of another type than expected.',
  422: 'It was understood and can not be done.',
  429: 'A limit is reached; `limit` names it, `retry-after` says when to come again.',
  500: 'Something went wrong in the collector.',
  503: 'It can not be done now; try again later.',
};

/** @param version  of the collector */
export function openApiDocument(version: string): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = {};
  const toJson = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => jsonSchemaOf(schema, io, schemas);
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const [key, operation] of Object.entries<Operation>(operations)) {
    const [method = '', path = ''] = key.split(' ');
    (paths[path] ??= {})[method.toLowerCase()] = describe(method, path, operation, toJson);
  }
  toJson(problemSchema, 'output');
  const tags = [...new Set(Object.values<Operation>(operations).map(({ tag }) => tag))];
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tarsier',
      version,
      description: 'Hosts, series, alerts and incidents of one tenant: the one that the key or session belongs to.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      responses: Object.fromEntries(
        Object.entries(texts).map(([status, description]) => [
          `Refused${status}`,
          { description, content: { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } } },
        ]),
      ),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key: `tsr_…`.' },
        session: { type: 'apiKey', in: 'cookie', name: 'tarsier_session' },
      },
    },
  };
}

type ToJson = (schema: z.ZodType, io: 'input' | 'output') => JsonSchema;

function describe(method: string, path: string, operation: Operation, toJson: ToJson): OpenApiOperation {
  const { summary, description, tag, scope, body } = operation;
  return {
    operationId: operationIdOf(method, path),
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    parameters: [...pathParameters(path), ...queryParameters(operation, toJson), ...headers(method, path, operation)],
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body, 'input', toJson) } }),
    responses: responsesOf(method, path, operation, toJson),
    security: scope === 'public' ? [] : [{ key: [] }, { session: [] }],
    'x-scope': scope,
  };
}

/** `GET /v1/anomalies/events/{id}`: `getAnomaliesEventsById`. */
export function operationIdOf(method: string, path: string): string {
  const words = path.split(/[/._-]/u).slice(2);
  const named = words.map((word) => {
    const name = word.replaceAll(/[{}]/gu, '');
    const capital = name.charAt(0).toUpperCase() + name.slice(1);
    return word.startsWith('{') ? `By${capital}` : capital;
  });
  return method.toLowerCase() + named.join('');
}

function pathParameters(path: string): readonly OpenApiParameter[] {
  return Array.from(path.matchAll(/\{(\w+)\}/gu), ([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters({ query }: Operation, toJson: ToJson): readonly OpenApiParameter[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = toJson(query, 'input');
  // As JSON Schema has it.
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: (required as readonly string[]).includes(name),
    ...(typeof description === 'string' ? { description } : {}),
    schema,
  }));
}

function headers(method: string, path: string, operation: Operation): readonly OpenApiParameter[] {
  const text = (name: string, description: string): OpenApiParameter => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  });
  if (isTagged(method, operation)) return [text('if-none-match', 'An etag: answered with 304 where nothing changed.')];
  if (isMatched(method, path)) return [text('if-match', 'An etag: refused with 412 where something changed.')];
  return [];
}

/** Whether its answers have an etag. */
function isTagged(method: string, { answer }: Operation): boolean {
  return method === 'GET' && answer !== undefined && !isRaw(answer);
}

/** Whether a change can be made of what was read only. */
function isMatched(method: string, path: string): boolean {
  return (method === 'PUT' || method === 'DELETE') && path.endsWith('{id}');
}

function responsesOf(
  method: string,
  path: string,
  operation: Operation,
  toJson: ToJson,
): OpenApiOperation['responses'] {
  const { status, answer } = operation;
  const done = {
    description: status === 204 ? 'Done.' : operation.summary,
    ...(answer === undefined ? {} : { content: contentOf(answer, 'output', toJson) }),
  };
  const refusals = refusalsOf(method, path, operation).map(
    (refusal): [string, OpenApiOperation['responses'][string]] => [
      String(refusal),
      operation.foreign === true
        ? { description: texts[refusal] ?? '' }
        : { $ref: `#/components/responses/Refused${refusal}` },
    ],
  );
  return Object.fromEntries([
    [String(status), done],
    ...(isTagged(method, operation) ? [['304', { description: 'It is as it was.' }] as const] : []),
    ...refusals,
  ]);
}

/** Statuses that an operation refuses or fails with. */
function refusalsOf(method: string, path: string, operation: Operation): readonly number[] {
  const { scope, query, body, refusals = [] } = operation;
  const hasParameters = path.includes('{');
  const statuses = new Set<number>([429, 500, 503, ...refusals]);
  if (query !== undefined || body !== undefined || hasParameters) statuses.add(400);
  if (hasParameters) statuses.add(404);
  if (body !== undefined) [413, 415].forEach((one) => statuses.add(one));
  if (scope !== 'public') statuses.add(401);
  if (scope !== 'public' && scope !== 'any') statuses.add(403);
  if (scope === 'public' && body !== undefined) statuses.add(401);
  if (method !== 'GET') statuses.add(403);
  if (isMatched(method, path)) statuses.add(412);
  return [...statuses].toSorted((a, b) => a - b);
}

function contentOf(content: z.ZodType | RawContent, io: 'input' | 'output', toJson: ToJson): Content {
  if (isRaw(content)) return Object.fromEntries(content.types.map((type) => [type, {}]));
  return { 'application/json': { schema: toJson(content, io) } };
}

/** What has an id becomes a component; a reader is to take more fields than it knows of an answer. */
function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, JsonSchema>): JsonSchema {
  const {
    $schema: _,
    $defs = {},
    ...json
  } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    target: 'draft-2020-12',
    override({ jsonSchema }) {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  const suffix = io === 'input' ? 'Input' : '';
  const named: Record<string, JsonSchema> = { ...$defs };
  for (const [name, definition] of Object.entries(named)) {
    const { id: _id, ...rest } = definition;
    schemas[name + suffix] = rewriteReferences(rest, suffix);
  }
  const { id, ...rest } = rewriteReferences(json, suffix);
  if (typeof id !== 'string') return rest;
  schemas[id + suffix] = rest;
  return { $ref: `#/components/schemas/${id}${suffix}` };
}

function rewriteReferences(value: JsonSchema, suffix: string): JsonSchema {
  const text = JSON.stringify(value).replaceAll(/"#\/\$defs\/([^"]+)"/gu, `"#/components/schemas/$1${suffix}"`);
  // It was one a moment ago.
  return JSON.parse(text) as JsonSchema;
}
