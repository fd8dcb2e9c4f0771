/** What a schema objects to, in words: what was expected and what came. */
import { describeValue, expectationOf, got } from '@tarsier/protocol';
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
    const expected = expectationOf(issue, named);
    // The name is wrong, and not what it is set to.
    if (issue.code === 'invalid_key') return problem(path, `${expected}, got ${describeValue(path.at(-1))}`, 'key');
    return problem(path, `${expected}, ${came(below.reduce<unknown>(at, value), path, document.isReferred(path))}`);
  });
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** What is in a settings file is not called as in JSON. */
const named = { array: 'a list', object: 'settings', record: 'settings' };

/** What came, as far as it may be told; of what a reference stands for, nothing. */
export function came(value: unknown, path: readonly PropertyKey[], referred: boolean): string {
  return referred && value !== undefined ? 'got what it refers to (not shown)' : got(value, path);
}
