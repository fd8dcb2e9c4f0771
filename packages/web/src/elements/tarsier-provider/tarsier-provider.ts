import { html, LitElement } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ContextCallback, ContextKey, ContextRequestEvent } from '../../controllers/source-context.ts';
import { pageViewContext, sourceContext } from '../../controllers/source-context.ts';
import type { CollectorSource } from '../../data/collector-source.ts';
import { createPageView } from '../../data/page-view.ts';
import type { PageView } from '../../data/page-view.ts';
import type * as connecting from '../../data/connect.ts';
import type { DataSource } from '../../data/source.ts';
import type { GetToken, TokenKeeper } from '../../data/token-keeper.ts';
import { parseDuration, parseRange, rangeText } from '../../data/time-range.ts';
import { isTimeZone } from '../../i18n/locale.ts';
import { styles } from './tarsier-provider.styles.ts';

const loadAgainMs = 3_000;
type Connecting = typeof connecting;

/** A page that nobody sees for so long closes its connection; it goes on where it was once it is seen. */
const sleepAfterMs = 5 * 60_000;

/**
 * Says where the collector is, for all `tarsier-*` elements inside it: they share its one connection, time range,
 * cursor, time zone and theme.
 *
 * @slot - the elements, and anything else
 * @fires tarsier-connection - the state of the connection changed; `detail` is the new state
 * @fires tarsier-token-needed - a token is needed; `detail.answer(token)` gives one, also as a promise
 * @fires tarsier-range-change - an element changed the shared time range; `detail.range` is its text
 */
export class TarsierProvider extends LitElement {
  static override styles = styles;

  /** The collector's URL. Empty: the origin of the page. */
  @property() src = '';

  /** A token for pages of other origins. It is read once and removed from the document. */
  @property() token = '';

  /** Address of the page's own server that answers with a token for this visitor: `{ "token": "…" }`. */
  @property({ attribute: 'token-url' }) tokenUrl = '';

  /** Gives a token for this visitor; asked again before each one ends, and when one is refused. */
  @property({ attribute: false }) getToken: GetToken | undefined;

  /** Time range of all elements that have none of their own: `15m`, or two times with `/` between. */
  @property() range = '';

  /** IANA name (`Europe/Berlin`), or `UTC`. Empty: the browser's. */
  @property({ attribute: 'time-zone' }) timeZone = '';

  /** How far back charts draw lines to compare with: `1d`, `1w`. Empty: none. */
  @property() compare = '';

  /** `light`, `dark` or `contrast`. Empty: the `color-scheme` of the page. */
  @property({ reflect: true }) theme: 'light' | 'dark' | 'contrast' | '' = '';

  /** Data from elsewhere, in the place of a collector's. */
  @property({ attribute: false }) source: DataSource | undefined;

  /** What the elements look at together. */
  readonly view: PageView = createPageView();

  readonly #consumers = new Set<ContextCallback<DataSource>>();
  #collector: CollectorSource | undefined;
  /** Which connecting is the newest. */
  #turn = 0;
  #sleep: ReturnType<typeof setTimeout> | undefined;
  #tokens: TokenKeeper | undefined;
  #provided: DataSource | undefined;
  #unfollow: (() => void) | undefined;

  constructor() {
    super();
    this.addEventListener('context-request', this.#answer);
    this.view.range.subscribe(() => this.#ranged());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#collector?.start();
    globalThis.addEventListener('online', this.#online);
    globalThis.addEventListener('pageshow', this.#woke);
    globalThis.addEventListener('pagehide', this.#rest);
    document.addEventListener('visibilitychange', this.#woke);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    globalThis.removeEventListener('online', this.#online);
    globalThis.removeEventListener('pageshow', this.#woke);
    globalThis.removeEventListener('pagehide', this.#rest);
    document.removeEventListener('visibilitychange', this.#woke);
    clearTimeout(this.#sleep);
    // A move within the document is a leave and a return in one task: the connection lives on.
    queueMicrotask(() => {
      if (!this.isConnected) this.#collector?.stop();
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    this.#setView(changed);
    const asks = (['src', 'source', 'tokenUrl', 'getToken'] as const).some((name) => changed.has(name));
    // Removing the attribute comes back here with an empty token; the one that was read stays in use.
    const token = this.token === '' ? this.#token : this.token;
    if (!asks && token === this.#token && this.#turn > 0) return;
    this.#token = token;
    this.#disconnect();
    if (this.source !== undefined) return this.#provide(this.source);
    void this.#connect();
  }

  /** What connects is loaded beside: an element that is given its data needs none of it. */
  async #connect(): Promise<void> {
    const turn = this.#turn;
    try {
      const parts = await import('../../data/connect.ts');
      if (turn !== this.#turn) return;
      this.#tokens = this.#keeper(this.#token, parts);
      this.#collector = parts.connect(this.src, this.#tokens);
      this.#provide(this.#collector);
      if (this.isConnected) this.#collector.start();
    } catch {
      // The network; until then the elements say that they load.
      setTimeout(() => {
        if (turn === this.#turn && this.isConnected) void this.#connect();
      }, loadAgainMs);
    }
  }

  #disconnect(): void {
    this.#turn++;
    this.#collector?.dispose();
    this.#tokens?.stop();
    this.#provided = undefined;
    this.#collector = undefined;
    this.#tokens = undefined;
  }

  #keeper(token: string, { createTokenKeeper, tokenFromUrl }: Connecting): TokenKeeper | undefined {
    const { getToken, tokenUrl } = this;
    if (getToken !== undefined) return createTokenKeeper({ getToken: () => this.#askPage(getToken) });
    if (tokenUrl !== '') {
      const fromUrl = tokenFromUrl(tokenUrl, (url, init) => fetch(url, init));
      return createTokenKeeper({ getToken: () => this.#askPage(fromUrl) });
    }
    return token === '' ? undefined : createTokenKeeper({ getToken: () => Promise.resolve(token) });
  }

  /** The page may answer the event with a token of its own, by `detail.answer`. */
  async #askPage(otherwise: GetToken): Promise<string> {
    let answered: Promise<string> | undefined;
    const detail = { answer: (token: Promise<string> | string) => (answered = Promise.resolve(token)) };
    this.dispatchEvent(new CustomEvent('tarsier-token-needed', { detail, bubbles: true, composed: true }));
    return answered ?? otherwise();
  }

  #token = '';

  #setView(changed: PropertyValues<this>): void {
    const { range, timeZone, compareMs } = this.view;
    if (changed.has('range')) range.set(parseRange(this.range));
    if (changed.has('timeZone')) timeZone.set(isTimeZone(this.timeZone) ? this.timeZone : undefined);
    if (changed.has('compare')) compareMs.set(parseDuration(this.compare) ?? 0);
  }

  /** An event tells of what an element did, not of what the page itself set. */
  #ranged(): void {
    const { value } = this.view.range;
    const text = value === undefined ? '' : rangeText(value);
    const given = parseRange(this.range);
    if (text === (given === undefined ? '' : rangeText(given))) return;
    this.range = text;
    this.dispatchEvent(
      new CustomEvent('tarsier-range-change', { detail: { range: text }, bubbles: true, composed: true }),
    );
  }

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

  readonly #online = (): void => {
    this.#tokens?.wake();
    this.retry();
  };

  readonly #woke = (): void => {
    clearTimeout(this.#sleep);
    if (document.visibilityState === 'visible') {
      this.#tokens?.wake();
      if (!this.isConnected) return;
      this.#collector?.start();
      // Not where people sign in: what they have typed would go.
      const connection = this.#collector?.connection.value;
      if (connection?.kind === 'signed-out' && connection.reason === 'token') this.retry();
    } else {
      this.#sleep = setTimeout(this.#rest, sleepAfterMs);
    }
  };

  /** Also before the page is kept for a way back: with an open socket it could not be. */
  readonly #rest = (): void => this.#collector?.stop();

  readonly #answer = (event: Event): void => {
    if (event.target === this) return;
    const wantsView = callbackOf(event, pageViewContext);
    const wantsSource = callbackOf(event, sourceContext);
    if (wantsView === undefined && wantsSource === undefined) return;
    event.stopPropagation();
    wantsView?.(this.view, () => undefined);
    if (wantsSource === undefined) return;
    this.#consumers.add(wantsSource);
    // One that is being replaced is given when it is there.
    if (this.#provided !== undefined) wantsSource(this.#provided, () => this.#consumers.delete(wantsSource));
  };

  override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}

/** Another copy of this code has its own class for the event; the protocol is its shape. */
function callbackOf<T>(event: Event, context: ContextKey<T>): ContextCallback<T> | undefined {
  const request = event as Partial<ContextRequestEvent<T>>;
  return request.context === context ? request.callback : undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-provider': TarsierProvider;
  }
}
