import type { AnswerAt } from '@tarsier/protocol/client';
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { RequestError } from '../data/rest.ts';
import type { DataSource, Loadable } from '../data/source.ts';
import type { Readable } from '../data/store.ts';
import { SourceController } from './source-context.ts';

type Host = ReactiveControllerHost & HTMLElement;

/** What has just changed is written a moment later. */
const settleMs = 1_200;

/**
 * Asks the collector for something, again and again while its element is in a visible page, and renders the element
 * anew. A failure after a success keeps what was shown.
 */
export class AskedController<T> implements ReactiveController {
  readonly #host: Host;
  readonly #path: () => string | undefined;
  readonly #everyMs: () => number;
  readonly #source: SourceController;
  #state: Loadable<T> = { kind: 'loading' };
  #asked: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #newsAgain = false;
  #unfollow: (() => void) | undefined;

  /**
   * Adds itself to its host.
   *
   * @param path  what to ask for; undefined: nothing for now
   * @param everyMs  how long what was answered is good for
   * @param news  asks again soon after this changes
   */
  constructor(
    host: Host,
    path: () => string | undefined,
    everyMs: () => number,
    news?: (source: DataSource) => Readable<unknown>,
  ) {
    this.#host = host;
    this.#path = path;
    this.#everyMs = everyMs;
    this.#source = new SourceController(host, (source) => {
      this.#unfollow?.();
      this.#unfollow = source === undefined ? undefined : news?.(source).subscribe(() => this.#settle());
      this.#begin();
    });
    host.addController(this.#source);
    host.addController(this);
  }

  get state(): Loadable<T> {
    return this.#state;
  }

  get source(): DataSource | undefined {
    return this.#source.value;
  }

  /** Asks at once. */
  refresh(): void {
    void this.#ask();
  }

  /** What is known better than by asking, as what came live. */
  put(value: T): void {
    this.#state = { kind: 'ready', value };
    this.#host.requestUpdate();
  }

  /** Soon, and once more for what came meanwhile: a stream of news neither puts the answer off nor asks for each. */
  #settle(): void {
    this.#newsAgain = this.#settling !== undefined;
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.refresh();
      if (this.#newsAgain) this.#settle();
    }, settleMs);
  }

  hostUpdate(): void {
    // The element's properties may ask for something else now.
    if (this.#path() !== this.#asked) this.#begin();
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#settling);
    this.#settling = undefined;
    this.#abort?.abort();
  }

  #begin(): void {
    this.#state = { kind: 'loading' };
    void this.#ask();
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    const [path, source] = [this.#path(), this.#source.value];
    this.#asked = path;
    if (path === undefined || source === undefined) return;
    const abort = new AbortController();
    this.#abort = abort;
    try {
      if (document.visibilityState !== 'hidden' || this.#state.kind === 'loading') {
        // The collector's own answer, checked where it was made.
        const value = (await source.api.get(path, abort.signal)) as T;
        if (abort.signal.aborted) return;
        this.#state = { kind: 'ready', value };
      }
    } catch (error) {
      if (abort.signal.aborted) return;
      if (this.#state.kind !== 'ready') this.#state = { kind: 'failed', error: asError(error) };
    }
    this.#host.requestUpdate();
    this.#timer = setTimeout(() => void this.#ask(), this.#everyMs());
  }
}

/** The same, of a path of which the compiler knows what is answered. */
export function asking<const P extends string>(
  host: Host,
  path: () => P | undefined,
  everyMs: () => number,
  news?: (source: DataSource) => Readable<unknown>,
): AskedController<AnswerAt<'GET', P>> {
  return new AskedController<AnswerAt<'GET', P>>(host, path, everyMs, news);
}

function asError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError(0, { code: 'web/unexpected', message: String(error), retryable: true }, error);
}
