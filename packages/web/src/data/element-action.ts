import { RequestError } from './rest.ts';
import type { Api } from './rest.ts';
import type { DataSource } from './source.ts';

export type ActionOutcome = { readonly kind: 'done' | 'taken' } | { readonly kind: 'failed'; readonly message: string };

/**
 * Does what a person asked an element for, unless the page around takes it over: `tarsier-action` is cancelable, and
 * who cancels it has done it. Without a source there is nobody else to do it.
 *
 * @param perform  through the collector; what it throws is a failure in the collector's words
 */
export async function actUnlessTaken(
  element: HTMLElement,
  source: DataSource | undefined,
  detail: unknown,
  perform: (api: Api) => Promise<unknown>,
): Promise<ActionOutcome> {
  const event = new CustomEvent('tarsier-action', { detail, bubbles: true, composed: true, cancelable: true });
  if (!element.dispatchEvent(event) || source === undefined) return { kind: 'taken' };
  try {
    await perform(source.api);
    return { kind: 'done' };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { kind: 'failed', message: error.message };
  }
}
