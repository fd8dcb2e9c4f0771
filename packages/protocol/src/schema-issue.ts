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
      return `expected ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`;
    case 'invalid_format':
      return `expected ${issue.format === 'regex' ? `what matches ${issue.pattern}` : `a valid ${issue.format}`}`;
    case 'invalid_union': {
      if ('options' in issue && issue.options !== undefined) return `expected one of ${issue.options.join(', ')}`;
      const expected = issue.errors.flatMap(([first]) =>
        first === undefined
          ? []
          : [[...first.path, expectationOf(first, named).replace(/^expected /u, '')].map(String).join(': ')],
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
  const came = issue.code === 'invalid_key' ? issue.path.at(-1) : issue.path.reduce(at, value);
  return {
    path: issue.path,
    what: `${expectationOf(issue)}, got ${came === undefined ? 'nothing' : describeValue(came)}`,
  };
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function unitOf(origin: string, count: number | bigint): string {
  if (origin === 'string') return count === 1 ? ' character' : ' characters';
  if (origin !== 'array' && origin !== 'set' && origin !== 'map') return '';
  return count === 1 ? ' entry' : ' entries';
}
