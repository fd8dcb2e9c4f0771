import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { DataSource } from '../data/source.ts';

/** Shared by all copies of this code on a page, so that elements of one find a provider of another. */
export const sourceContext = Symbol.for('tarsier.provider.1');

type Callback = (source: DataSource, unsubscribe?: () => void) => void;

/** The community protocol for context: an event that asks upwards, through shadow roots. */
export class ContextRequestEvent extends Event {
  readonly context: unknown = sourceContext;
  readonly callback: Callback;
  readonly subscribe = true;

  constructor(callback: Callback) {
    super('context-request', { bubbles: true, composed: true });
    this.callback = callback;
  }
}

type Host = ReactiveControllerHost & HTMLElement;

/** Finds the data of the nearest `tarsier-provider` and follows its change. */
export class SourceController implements ReactiveController {
  #source: DataSource | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #host: Host;
  readonly #changed: (source: DataSource | undefined) => void;

  /** To be added to its host. @param changed  when a source is found, replaced, or lost by leaving the document */
  constructor(host: Host, changed: (source: DataSource | undefined) => void = () => undefined) {
    this.#host = host;
    this.#changed = changed;
  }

  get value(): DataSource | undefined {
    return this.#source;
  }

  hostConnected(): void {
    this.#ask();
    // A provider that is defined or upgraded later answers then.
    if (this.#source === undefined) {
      void customElements.whenDefined('tarsier-provider').then(() => {
        if (this.#source === undefined && this.#host.isConnected) this.#ask();
      });
    }
  }

  hostDisconnected(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#become(undefined);
  }

  #ask(): void {
    this.#host.dispatchEvent(
      new ContextRequestEvent((source, unsubscribe) => {
        this.#unsubscribe = unsubscribe;
        this.#become(source);
      }),
    );
  }

  #become(source: DataSource | undefined): void {
    if (source === this.#source) return;
    this.#source = source;
    this.#changed(source);
    this.#host.requestUpdate();
  }
}
