/** Servers of this host that answer without being told of: looked for where they usually listen. */
import { CheckFailure } from '../host/check-failure.ts';
import { describeError } from '@tarsier/protocol';

/** A server of this host answers at once, or is not there. */
const knockMs = 1_000;

export type Local<T> =
  | { readonly kind: 'found'; readonly target: T }
  /** `why` says so to the operator. */
  | { readonly kind: 'none'; readonly why: string };

/**
 * @param knock  throws when nothing is there; a {@link CheckFailure} with the reason `secret` when there is a server
 *   that does not answer to strangers
 */
export async function findLocal<T extends { readonly name: string }>(
  what: string,
  candidates: readonly T[],
  knock: (candidate: T, signal: AbortSignal) => Promise<void>,
): Promise<Local<T>> {
  let refused: string | undefined;
  for (const target of candidates) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error(`no answer within ${knockMs} ms`)), knockMs);
    try {
      await knock(target, abort.signal);
      return { kind: 'found', target };
    } catch (error) {
      if (error instanceof CheckFailure && error.reason === 'secret')
        refused ??= `${target.name}: ${describeError(error)}`;
    } finally {
      clearTimeout(timer);
    }
  }
  const places = candidates.map(({ name }) => name).join(', ');
  return { kind: 'none', why: refused ?? `no targets are set, and no ${what} answers at ${places}` };
}
