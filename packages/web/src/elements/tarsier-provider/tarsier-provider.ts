import { html, LitElement } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ContextRequestEvent } from '../../controllers/source-context.ts';
import { sourceContext } from '../../controllers/source-context.ts';
import { createCollectorSource } from '../../data/collector-source.ts';
import type { CollectorSource } from '../../data/collector-source.ts';
import { browserSocket } from '../../data/socket.ts';
import type { DataSource } from '../../data/source.ts';
import { styles } from './tarsier-provider.styles.ts';

type Consumer = ConstructorParameters<typeof ContextRequestEvent>[0];

/**
 * Says where the collector is, for all `tarsier-*` elements inside it: they share its one connection.
 *
 * @slot - the elements, and anything else
 * @fires tarsier-connection - the state of the connection changed; `detail` is the new state
 */
export class TarsierProvider extends LitElement {
  static override styles = styles;

  /** The collector's URL. Empty: the origin of the page. */
  @property() src = '';

  /** A token for pages of other origins. It is read once and removed from the document. */
  @property() token = '';

  /** Data from elsewhere, in the place of a collector's. */
  @property({ attribute: false }) source: DataSource | undefined;

  readonly #consumers = new Set<Consumer>();
  #collector: CollectorSource | undefined;
  #provided: DataSource | undefined;
  #unfollow: (() => void) | undefined;

  constructor() {
    super();
    this.addEventListener('context-request', this.#answer);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#collector?.start();
    globalThis.addEventListener('online', this.#online);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    globalThis.removeEventListener('online', this.#online);
    // A move within the document is a leave and a return in one task: the connection lives on.
    queueMicrotask(() => {
      if (!this.isConnected) this.#collector?.stop();
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('src') && !changed.has('token') && !changed.has('source') && this.#provided !== undefined) return;
    // Removing the attribute comes back here with an empty token; the one that was read stays in use.
    const token = this.token === '' ? this.#token : this.token;
    if (this.source === undefined && this.#collector !== undefined && token === this.#token && !changed.has('src'))
      return;
    this.#token = token;
    this.#collector?.stop();
    this.#collector = this.source === undefined ? connect(this.src, token) : undefined;
    this.#provide(this.source ?? this.#collector);
    if (this.isConnected) this.#collector?.start();
  }

  #token = '';

  protected override updated(): void {
    if (this.hasAttribute('token')) this.removeAttribute('token');
  }

  /** Connects at once, instead of when the next try is due; also after signing in. */
  retry(): void {
    this.#provided?.retry();
  }

  #provide(source: DataSource | undefined): void {
    if (source === undefined) return;
    this.#provided = source;
    this.#unfollow?.();
    this.#unfollow = source.connection.subscribe(() => {
      this.dispatchEvent(
        new CustomEvent('tarsier-connection', { detail: source.connection.value, bubbles: true, composed: true }),
      );
    });
    for (const consumer of [...this.#consumers]) consumer(source, () => this.#consumers.delete(consumer));
  }

  readonly #online = (): void => this.retry();

  readonly #answer = (event: Event): void => {
    // Another copy of this code has its own class for the event; the protocol is its shape.
    const request = event as Partial<ContextRequestEvent>;
    const { callback } = request;
    if (request.context !== sourceContext || callback === undefined || event.target === this) return;
    event.stopPropagation();
    this.#consumers.add(callback);
    if (this.#provided !== undefined) callback(this.#provided, () => this.#consumers.delete(callback));
  };

  override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}

function connect(src: string, token: string): CollectorSource {
  const base = new URL(src === '' ? '/' : src, document.baseURI);
  const live = new URL('/v1/live', base);
  live.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  return createCollectorSource({
    baseUrl: base.origin,
    token: token === '' ? undefined : token,
    fetch: (url, init) => fetch(url, init),
    openSocket: browserSocket(live),
  });
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-provider': TarsierProvider;
  }
}
