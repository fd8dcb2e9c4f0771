/** What a schema objects to, in words that name the place, what was expected and what came. */
import type { z } from 'zod';
import { describeValue } from './errors.ts';

type Issue = z.core.$ZodIssue;

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

/** Of a check that comes without words. */
const zodSaysNothing = 'Invalid input';

/**
 * @param named  what kinds are called where they are not called as in JSON: `{ array: 'a list' }`
 * @returns `expected …`, as a schema's own message says it or as its kind tells
 */
export function expectationOf(issue: Issue, named: Readonly<Record<string, string>> = {}): string {
  if (issue.message.startsWith('expected')) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${named[issue.expected] ?? kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(nameOfValue).join(', ')}`;
    case 'too_small':
      return `expected ${limitIn(issue, 'more than', 'at least')} ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `expected ${limitIn(issue, 'less than', 'at most')} ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`;
    case 'invalid_format':
      return `expected ${formatIn(issue)}`;
    case 'invalid_union': {
      if ('options' in issue && issue.options !== undefined) return `expected one of ${issue.options.join(', ')}`;
      const expected = issue.errors.flatMap(([first]) =>
        first === undefined ? [] : [expectationOf(first, named).replace(/^expected /u, '') + placeIn(first.path)],
      );
      return expected.length === 0 ? 'expected another value' : `expected ${[...new Set(expected)].join(' or ')}`;
    }
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    case 'invalid_key':
    case 'invalid_element': {
      const [first] = issue.issues;
      return first === undefined ? 'expected another value' : expectationOf(first, named);
    }
    case 'unrecognized_keys':
      return `there is no field ${issue.keys.join(', ')}`;
    case 'custom':
      return issue.message === zodSaysNothing ? 'expected another value' : issue.message;
  }
}

/**
 * The first that is wrong.
 *
 * @param value  what was parsed
 * @param whole  what `value` is called
 * @param inside  whether a part of it is called with that before it: `payload.days`
 * @returns the field, with dots, a sentence that begins with it, and that sentence in its parts: where, and what of it
 */
export function describeIssue(
  { issues }: Pick<z.core.$ZodError, 'issues'>,
  value: unknown,
  whole: string,
  inside = false,
): { readonly field: string; readonly message: string; readonly path: readonly PropertyKey[]; readonly what: string } {
  const [issue] = issues;
  const { path, what } = issue === undefined ? { path: [], what: 'not as expected' } : partsOf(issue, value);
  const field = (path.length === 0 || inside ? [whole, ...path] : path).map(String).join('.');
  return { field, message: `${field}: ${what}`, path, what };
}

function partsOf(issue: Issue, value: unknown): { readonly path: readonly PropertyKey[]; readonly what: string } {
  if (issue.code === 'unrecognized_keys')
    return { path: [...issue.path, ...issue.keys.slice(0, 1)], what: 'there is no such field' };
  const came =
    issue.code === 'invalid_key'
      ? `got ${describeValue(issue.path.at(-1))}`
      : got(issue.path.reduce(at, value), issue.path);
  return { path: issue.path, what: `${expectationOf(issue)}, ${came}` };
}

const secretName =
  /key|password|passwd|passphrase|secret|token|credential|authori[sz]ation|cookie|dsn|pwd|(?<![a-z])pw(?![a-z])/iu;

/** What came, as far as it may be told: never a secret. */
export function got(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined) return 'got nothing';
  // Tokens of a model are no secret: how many there were.
  const count = typeof value === 'number' && /tokens$/iu.test(String(path.at(-1)));
  const bare = value === null || typeof value === 'object' || typeof value === 'boolean' || count;
  // A program is given secrets in its environment, whatever they are called there.
  const secret = path.some((name) => secretName.test(String(name))) || path.slice(0, -1).includes('environment');
  if (secret && !bare) return `got a ${typeof value} (not shown)`;
  // A URL may hold a password.
  if (typeof value === 'string' && /:\/\/[^/]*@/u.test(value)) return 'got a URL with a password (not shown)';
  return `got ${describeValue(value)}`;
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function nameOfValue(value: unknown): string {
  return value === '' ? '""' : String(value);
}

function limitIn(
  { inclusive, exact }: { readonly inclusive?: boolean; readonly exact?: boolean },
  exclusive: string,
  including: string,
): string {
  if (exact === true) return 'exactly';
  return inclusive === false ? exclusive : including;
}

function formatIn(issue: z.core.$ZodIssueInvalidStringFormat): string {
  if (issue.format === 'regex') return `what matches ${issue.pattern}`;
  if ('prefix' in issue) return `what starts with ${String(issue.prefix)}`;
  if ('suffix' in issue) return `what ends with ${String(issue.suffix)}`;
  if ('includes' in issue) return `what has ${String(issue.includes)} in it`;
  return `a valid ${issue.format}`;
}

function placeIn(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : ` at ${path.map(String).join('.')}`;
}

function unitOf(origin: string, count: number | bigint): string {
  if (origin === 'string') return count === 1 ? ' character' : ' characters';
  if (origin !== 'array' && origin !== 'set' && origin !== 'map') return '';
  return count === 1 ? ' entry' : ' entries';
}
