/** What a schema objects to, in words: what was expected and what came. */
import { describeValue } from '@tarsier/protocol';
import type { z } from 'zod';
import type { ConfigDocument, ConfigProblem, Path } from './document.ts';

type Issue = z.core.$ZodIssue;

/** Says where a problem is. */
export type Locate = (path: Path, message: string, on?: 'key') => ConfigProblem;

/** @param value  what was parsed; @param prefix  where it stands in the document */
export function issueProblems(
  parsed: z.ZodSafeParseResult<unknown>,
  value: unknown,
  prefix: Path,
  document: Pick<ConfigDocument, 'isReferred'>,
  problem: Locate,
): ConfigProblem[] {
  if (parsed.success) return [];
  // Unknown names are found on their own, also where a schema lets them pass.
  const issues = parsed.error.issues.filter(({ code }) => code !== 'unrecognized_keys');
  return issues.map((issue) => {
    const below = issue.path.map((name) => (typeof name === 'symbol' ? String(name) : name));
    const path = [...prefix, ...below];
    const came = got(below.reduce<unknown>(at, value), path, document.isReferred(path));
    return problem(path, `${expectation(issue)}, ${came}`);
  });
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'settings',
  record: 'settings',
};

/** @returns `expected …`, as a schema's own message says it or as its kind tells */
function expectation(issue: Issue): string {
  if (issue.message.startsWith('expected')) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return `expected ${issue.format === 'regex' ? `what matches ${issue.pattern}` : `a valid ${issue.format}`}`;
    case 'invalid_union': {
      const expected = issue.errors.flatMap(([first]) =>
        first === undefined ? [] : [expectation(first).replace(/^expected /u, '')],
      );
      return expected.length === 0 ? 'expected another value' : `expected ${[...new Set(expected)].join(' or ')}`;
    }
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    case 'invalid_key':
    case 'invalid_element':
    case 'unrecognized_keys':
    case 'custom':
      return issue.message;
  }
}

const secretName = /key|password|passphrase|secret|token|credential|authori[sz]ation|cookie|dsn/iu;

/** What came, as far as it may be told: never a secret. */
export function got(value: unknown, path: readonly PropertyKey[], referred: boolean): string {
  if (value === undefined) return 'got nothing';
  if (referred) return 'got what it refers to (not shown)';
  if (path.some((name) => secretName.test(String(name)))) return `got a ${typeof value} (not shown)`;
  // A URL may hold a password.
  if (typeof value === 'string' && /:\/\/[^/]*@/u.test(value)) return `got a URL with a password (not shown)`;
  return `got ${describeValue(value)}`;
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' || origin === 'set' || origin === 'map' ? ' entries' : '';
}
