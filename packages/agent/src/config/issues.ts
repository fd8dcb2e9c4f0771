/** What a schema objects to, in words: what was expected and what came. */
import { describeValue, expectationOf } from '@tarsier/protocol';
import type { z } from 'zod';
import type { ConfigDocument, ConfigProblem, Path } from './document.ts';

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
    return problem(path, `${expectationOf(issue, named)}, ${came}`);
  });
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** What is in a settings file is not called as in JSON. */
const named = { array: 'a list', object: 'settings', record: 'settings' };

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
