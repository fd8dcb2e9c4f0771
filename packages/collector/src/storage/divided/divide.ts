/** Puts one store in front of those of several databases: what is asked of a tenant goes to the one that has it. */
import { isMoving, movingError } from './closed.ts';

/** Methods whose first argument says whose it is. */
type RoutedKeys<T> = {
  [K in keyof T]: T[K] extends (...args: infer Args) => unknown
    ? Args[0] extends { readonly tenantId: number }
      ? K
      : never
    : never;
}[keyof T];

/** What is left: of nobody, or of all tenants. */
export type Unrouted<T> = Omit<T, RoutedKeys<T>>;

/**
 * @param of    the store of the database that a tenant is in
 * @param like  any of them: which methods there are
 * @param rest  what does not name a tenant
 */
export function divide<T extends object>(
  of: (scope: { readonly tenantId: number }) => T,
  like: T,
  rest: Unrouted<T> & Partial<T>,
): T {
  const routed = Object.entries(like).flatMap(([name, method]) => {
    if (typeof method !== 'function' || Object.hasOwn(rest, name)) return [];
    const call = (...args: [{ readonly tenantId: number }, ...unknown[]]): unknown => {
      // The same method of another store: `like` has it.
      const store = of(args[0]) as Record<string, (...args: unknown[]) => unknown>;
      const answer = store[name]?.(...args);
      return answer instanceof Promise ? answer.catch(rethrow) : answer;
    };
    return [[name, call] as const];
  });
  // Each method is one of `like`'s or of `rest`, as the types of both say.
  return { ...Object.fromEntries(routed), ...rest } as T;
}

function rethrow(cause: unknown): never {
  if (isMoving(cause)) throw movingError(cause);
  throw cause;
}
