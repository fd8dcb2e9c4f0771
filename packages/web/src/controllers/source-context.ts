import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { DataSource } from '../data/source.ts';
import type { PageView } from '../data/page-view.ts';

/** What a provider gives. The type parameter is what the symbol stands for. */
export type ContextKey<T> = symbol & { readonly gives?: T };

/** Shared by all copies of this code on a page, so that elements of one find a provider of another. */
export const sourceContext: ContextKey<DataSource> = Symbol.for('tarsier.provider.1');
export const pageViewContext: ContextKey<PageView> = Symbol.for('tarsier.view.1');

export type ContextCallback<T> = (value: T, unsubscribe?: () => void) => void;

/** The community protocol for context: an event that asks upwards, through shadow roots. */
export class ContextRequestEvent<T> extends Event {
  readonly context: ContextKey<T>;
  readonly callback: ContextCallback<T>;
  readonly subscribe = true;

  constructor(context: ContextKey<T>, callback: ContextCallback<T>) {
    super('context-request', { bubbles: true, composed: true });
    this.context = context;
    this.callback = callback;
  }
}

type Host = ReactiveControllerHost & HTMLElement;

/** Asks the nearest `tarsier-provider` for something and follows its change. */
export class ContextConsumer<T> {
  #value: T | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #host: Host;
  readonly #context: ContextKey<T>;
  readonly #changed: (value: T | undefined) => void;

  /** @param changed  when a value is found, replaced, or lost by leaving the document */
  constructor(host: Host, context: ContextKey<T>, changed: (value: T | undefined) => void) {
    this.#host = host;
    this.#context = context;
    this.#changed = changed;
  }

  get value(): T | undefined {
    return this.#value;
  }

  connect(): void {
    this.#ask();
    // A provider that is defined or upgraded later answers then.
    if (this.#value === undefined) {
      void customElements.whenDefined('tarsier-provider').then(() => {
        if (this.#value === undefined && this.#host.isConnected) this.#ask();
      });
    }
  }

  disconnect(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#become(undefined);
  }

  #ask(): void {
    this.#host.dispatchEvent(
      new ContextRequestEvent<T>(this.#context, (value, unsubscribe) => {
        this.#unsubscribe = unsubscribe;
        this.#become(value);
      }),
    );
  }

  #become(value: T | undefined): void {
    if (value === this.#value) return;
    this.#value = value;
    this.#changed(value);
    this.#host.requestUpdate();
  }
}

/** Finds the data of the nearest `tarsier-provider` and follows its change. To be added to its host. */
export class SourceController implements ReactiveController {
  readonly #consumer: ContextConsumer<DataSource>;

  constructor(host: Host, changed: (source: DataSource | undefined) => void = () => undefined) {
    this.#consumer = new ContextConsumer(host, sourceContext, changed);
  }

  get value(): DataSource | undefined {
    return this.#consumer.value;
  }

  hostConnected(): void {
    this.#consumer.connect();
  }

  hostDisconnected(): void {
    this.#consumer.disconnect();
  }
}
