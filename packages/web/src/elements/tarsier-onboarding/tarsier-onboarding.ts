import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { formatDuration, formatTime } from '../../chart/age.ts';
import { FollowController, SecondsController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import type { DataSource } from '../../data/source.ts';
import { RequestError } from '../../data/rest.ts';
import { fleetWords } from '../../i18n/fleet/words.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { styles } from './tarsier-onboarding.styles.ts';

interface Token {
  readonly token: string;
  readonly expiresAt: number;
}

/** After so long, what may be wrong is said. */
const slowMs = 20_000;

/**
 * Lets a host in: a command to copy, with a token of its own, and whether its first samples came.
 *
 * @fires tarsier-drill - somebody wants to see the new host; `detail.host` is its name
 */
export class TarsierOnboarding extends LitElement {
  static override styles = [tokens, base, styles];

  /** The collector's address as hosts reach it. Empty: the page's origin. */
  @property() address = '';

  @state() private token: Token | 'refused' | undefined;
  @state() private copied = false;

  readonly #follow = new FollowController(this, ({ hosts }) => [hosts]);
  readonly #locale = new LocaleController(this, fleetWords);
  /** Hosts that were there when the token was made. */
  #before: ReadonlySet<string> | undefined;
  #since = 0;
  #asked = false;
  /** A token is made when somebody sees it, not for a closed section. */
  #seen: IntersectionObserver | undefined;

  constructor() {
    super();
    this.addController(new SecondsController(this));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#seen = new IntersectionObserver((entries) => {
      if (entries.at(-1)?.isIntersecting === true) void this.#askToken();
    });
    this.#seen.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#seen?.disconnect();
  }

  async #askToken(): Promise<void> {
    const source = this.#follow.source;
    if (this.#asked || source === undefined) return;
    this.#asked = true;
    this.#since = Date.now();
    try {
      this.token = await source.api.send('POST', '/v1/enrol-tokens', { name: 'dashboard' });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.token = 'refused';
    }
  }

  #arrived(source: DataSource | undefined): string | undefined {
    const hosts = source?.hosts.value;
    if (hosts?.kind !== 'ready') return undefined;
    this.#before ??= new Set(hosts.value.map(({ host }) => host));
    return hosts.value.find(({ host, lastSeen }) => lastSeen !== undefined && this.#before?.has(host) === false)?.host;
  }

  async #copy(command: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(command);
      this.copied = true;
    } catch {
      // Without https a page may not write to the clipboard: the command is selected instead.
      const code = this.renderRoot.querySelector('code');
      if (code !== null) getSelection()?.selectAllChildren(code);
    }
  }

  #show(host: string): void {
    this.dispatchEvent(
      new CustomEvent('tarsier-drill', { detail: { host }, bubbles: true, composed: true, cancelable: true }),
    );
  }

  override render(): TemplateResult {
    const { onboarding: text } = this.#locale.words;
    const address = this.address || location.origin;
    const { token } = this;
    return html`<div class="card start">
      <h2>${text.title}</h2>
      ${
        token === 'refused'
          ? html`<p>${text.askOperator}</p>
              ${this.#command('tarsier-collector enrol-token create --tenant default')}`
          : html`<p>${text.intro}</p>
              ${this.#command(
                token === undefined
                  ? '…'
                  : `tarsier-agent enrol --url ${address} --token ${token.token}\ntarsier-agent run`,
              )}
              ${
                token === undefined
                  ? nothing
                  : html`<p class="quiet">${text.tokenUntil(formatTime(token.expiresAt, 'minutes', this.#locale))}</p>`
              }`
      }
      ${this.#waiting(address)}
    </div>`;
  }

  #command(command: string): TemplateResult {
    const { onboarding: text } = this.#locale.words;
    return html`<div class="command">
      <pre tabindex="0" role="region" aria-label=${text.command}><code>${command}</code></pre>
      <button class="button" type="button" @click=${() => void this.#copy(command)}>
        ${this.copied ? text.copied : text.copy}
      </button>
    </div>`;
  }

  #waiting(address: string): TemplateResult {
    const { onboarding: text } = this.#locale.words;
    const arrived = this.#arrived(this.#follow.source);
    if (arrived !== undefined) {
      return html`<p class="arrived" role="status">${icons.ok}${text.arrived(arrived)}</p>
        <p><button class="button" type="button" @click=${() => this.#show(arrived)}>${text.show}</button></p>`;
    }
    const waitedMs = this.#since === 0 ? 0 : Date.now() - this.#since;
    return html`<p class="waiting quiet">
        ${icons.connecting}<span role="status">${text.waiting}</span><span>${formatDuration(waitedMs)}</span>
      </p>
      ${waitedMs < slowMs ? nothing : html`<p class="quiet">${text.slow} <code>curl -sS ${address}/healthz</code></p>`}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-onboarding': TarsierOnboarding;
  }
}
