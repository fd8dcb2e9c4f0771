/**
 * Every endpoint is asked with what its own description allows, and with what it does not. Nothing may fail, hang, or
 * answer otherwise than described: the test server compares each answer with its operation, and makes a 599 of what differs.
 */
import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../../ingest/testing.ts';
import { startTestServer } from '../testing.ts';
import type { JsonSchema, OpenApiOperation } from './document.ts';
import { openApiDocument } from './document.ts';

const server = await startTestServer();
afterAll(() => server.close());
const key = await server.key('default', 'admin');
await server.ingest(key, testBatch());
const document = openApiDocument('test');
const { schemas } = document.components;
const runsOfEach = 12;

/** What some text, number or structure may be that nobody has thought of. */
const odd = fc.oneof(
  fc.constantFrom(
    '',
    '\u0000',
    '\ud800',
    '__proto__',
    '../../etc/passwd',
    "'; drop table alert; --",
    '%',
    '{{',
    '-1',
    '1e309',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(null, -1, 2 ** 53, 1.5, true, [], {}, [[[]]]),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Mostly what the schema allows: else every request is refused at its first field. */
function valueOf(schema: JsonSchema, depth = 0): fc.Arbitrary<unknown> {
  const allowed = allowedBy(schema, depth);
  return depth > 6 ? allowed : fc.oneof({ weight: 12, arbitrary: allowed }, { weight: 1, arbitrary: odd });
}

function allowedBy(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const { $ref, type, enum: values, const: only, anyOf, oneOf, allOf, default: otherwise } = schema;
  if (typeof $ref === 'string') return valueOf(schemas[$ref.slice($ref.lastIndexOf('/') + 1)] ?? {}, depth + 1);
  const choices = (anyOf ?? oneOf) as readonly JsonSchema[] | undefined;
  if (choices !== undefined) return depth > 8 ? odd : fc.oneof(...choices.map((choice) => valueOf(choice, depth + 1)));
  if (Array.isArray(allOf))
    return fc
      .tuple(...allOf.map((part: JsonSchema) => valueOf(part, depth + 1)))
      .map((parts) => Object.assign({}, ...parts));
  if (Array.isArray(values)) return fc.constantFrom(...(values as readonly unknown[]));
  if (only !== undefined) return fc.constant(only);
  if (otherwise !== undefined && depth > 2) return fc.constant(otherwise);
  switch (type) {
    case 'object':
      return objectOf(schema, depth);
    case 'array':
      return fc.array(valueOf((schema['items'] ?? {}) as JsonSchema, depth + 1), { maxLength: 3 });
    case 'integer':
    case 'number':
      return numberOf(schema, type === 'integer');
    case 'boolean':
      return fc.boolean();
    case 'string':
      return textOf(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function numberOf({ minimum = -10, exclusiveMinimum, maximum = 100_000 }: JsonSchema, isWhole: boolean) {
  const min = Math.max(-1e6, Number(exclusiveMinimum ?? minimum));
  const max = Math.max(min, Math.min(Number(maximum), 2e12));
  return isWhole ? fc.integer({ min: Math.ceil(min), max: Math.floor(max) }) : fc.double({ min, max, noNaN: true });
}

function objectOf({ properties = {}, required = [], additionalProperties }: JsonSchema, depth: number) {
  const fields = Object.entries(properties as Record<string, JsonSchema>).map(
    ([name, schema]) => [name, valueOf(schema, depth + 1)] as const,
  );
  if (fields.length === 0) {
    const inner = typeof additionalProperties === 'object' ? (additionalProperties as JsonSchema) : {};
    return fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), valueOf(inner, depth + 1), { maxKeys: 3 });
  }
  // As JSON Schema has it.
  return fc.record(Object.fromEntries(fields), { requiredKeys: required as string[] });
}

/** Texts of the formats and of the languages that the API knows. */
function textOf({ format, pattern }: JsonSchema): fc.Arbitrary<string> {
  const hour = Math.floor(Date.now() / 1000);
  return fc.oneof(
    fc.constantFrom(
      ...(format === 'uri' ? ['https://example.invalid/x'] : format === 'date' ? ['2026-11-30'] : []),
      'cpu_busy_ratio',
      '{host="web-1"}',
      'host="web-1"',
      String(hour),
      String(hour - 3600),
      '1m',
      'Europe/Berlin',
      '09:00',
    ),
    typeof pattern === 'string' && pattern.length < 60 && !/[\\(]\?|\\p/u.test(pattern)
      ? fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: 80 })
      : fc.string({ minLength: 1, maxLength: 20 }),
  );
}

function textFor(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface Sent {
  readonly type?: string;
  readonly body?: string | Uint8Array;
}

interface Asked {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

function requestOf(path: string, { parameters, requestBody }: OpenApiOperation): fc.Arbitrary<Asked> {
  const given = parameters.map(({ schema, required }) =>
    required ? valueOf(schema) : fc.option(valueOf(schema), { nil: undefined, freq: 1 }),
  );
  const types = Object.entries(requestBody?.content ?? {});
  const body =
    types.length === 0
      ? fc.constant<Sent>({})
      : fc.constantFrom(...types).chain(([type, { schema }]) =>
          schema === undefined
            ? fc.uint8Array({ maxLength: 64 }).map((bytes): Sent => ({ type, body: bytes }))
            : fc.oneof(
                {
                  weight: 12,
                  arbitrary: valueOf(schema).map((value): Sent => ({ type, body: JSON.stringify(value) ?? '' })),
                },
                { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((text): Sent => ({ type, body: text })) },
              ),
        );
  return fc.tuple(fc.tuple(...given), body).map(([values, sent]) => {
    const search = new URLSearchParams();
    const headers: Record<string, string> = {};
    let filled = path;
    for (const [at, { name, in: where }] of parameters.entries()) {
      const value = values[at];
      if (value === undefined) continue;
      if (where === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(wellFormed(textFor(value))) || 'x');
      else if (where === 'query')
        for (const one of Array.isArray(value) ? value : [value]) search.append(name, textFor(one));
      else headers[name] = textFor(value).replaceAll(/[^\u0020-\u007e]/gu, '?');
    }
    const { type, body: bytes } = sent;
    return {
      path: `${filled}?${search.toString()}`,
      headers: type === undefined ? headers : { ...headers, 'content-type': type },
      ...(bytes === undefined ? {} : { body: bytes }),
    };
  });
}

function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** Node's own client, since fetch takes no body with some methods, and cleans paths up. */
function send(
  method: string,
  { path, headers, body }: Asked,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${server.url}/`,
      { method, path, timeout: 20_000, headers: { ...headers, authorization: `Bearer ${key}` } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} hangs`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method,
    path,
    operation,
  })),
);

/** Operations of which at least one request was done. */
const taken = new Set<string>();

test.each(operations)('$name never fails, never hangs, and answers as it says', async ({ method, path, operation }) => {
  await fc.assert(
    fc.asyncProperty(requestOf(path, operation), async (asked) => {
      const { status, text } = await send(method.toUpperCase(), asked);
      if (status < 300) taken.add(operation.operationId);
      expect(status, `${asked.path} ${textFor(asked.body)}\n${status} ${text.slice(0, 2_000)}`).toBeLessThan(500);
    }),
    { numRuns: runsOfEach },
  );
});

test('what is asked is not all refused: most of what can be made from nothing was made', () => {
  const fromNothing = operations
    .filter(({ path }) => !path.includes('{'))
    .map(({ operation }) => operation.operationId);
  expect(fromNothing.filter((id) => taken.has(id)).length).toBeGreaterThan(fromNothing.length / 2);
});
