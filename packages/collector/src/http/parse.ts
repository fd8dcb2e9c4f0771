import { describeValue, TarsierError } from '@tarsier/protocol';
import type { z } from 'zod';

/**
 * Outside data through its schema.
 *
 * @param code  of the error: `query/parameter`
 * @throws {TarsierError} naming the first bad field, what came and what was expected
 */
export function parse<T extends z.ZodType>(schema: T, value: unknown, code: string): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const field = path.length === 0 ? 'body' : path.join('.');
  throw new TarsierError(
    code,
    `${field}: ${issue?.message ?? 'not as expected'}, got ${describeValue(at(value, path))}`,
    { field },
  );
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}
