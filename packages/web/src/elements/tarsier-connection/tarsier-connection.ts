import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { formatDuration, formatMoment } from '../../chart/age.ts';
import { FollowController, SecondsController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import type { Connection } from '../../data/source.ts';
import type { Locale } from '../../i18n/locale.ts';
import type { Words } from '../../i18n/en.ts';
import { words } from '../../i18n/words.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { styles } from './tarsier-connection.styles.ts';

/**
 * Whether the page is connected, in a word and a shape.
 *
 * @csspart pill
 */
export class TarsierConnection extends LitElement {
  static override styles = [tokens, base, styles];

  readonly #follow = new FollowController(this, ({ connection }) => [connection]);
  readonly #locale = new LocaleController(this, words);

  constructor() {
    super();
    const tick = (): void => {
      // Only a countdown needs the seconds.
      if (this.#follow.source?.connection.value.kind === 'offline') this.requestUpdate();
    };
    this.addController(new SecondsController(this, tick));
  }

  override render(): TemplateResult {
    const state = this.#follow.source?.connection.value ?? { kind: 'connecting', since: 0 };
    const { icon, word, detail } = describe(state, Date.now(), this.#locale.words.connection, this.#locale);
    // The countdown is not announced each second: only the word is in the live region.
    return html`<span class="pill ${state.kind}" part="pill">
      ${icon}<span role="status">${word}</span>${detail === '' ? '' : html`<span class="quiet">${detail}</span>`}
    </span>`;
  }
}

function describe(
  state: Connection,
  now: number,
  text: Words['connection'],
  locale: Locale,
): { icon: TemplateResult; word: string; detail: string } {
  switch (state.kind) {
    case 'live':
      return { icon: icons.live, word: text.live, detail: '' };
    case 'polling':
      return { icon: icons.connecting, word: text.polling, detail: text.since(formatMoment(state.since, now, locale)) };
    case 'connecting':
      return { icon: icons.connecting, word: text.connecting, detail: '' };
    case 'signed-out':
      return {
        icon: icons.signedOut,
        word: state.reason === 'token' ? text.tokenRefused : text.signedOut,
        detail: '',
      };
    case 'offline': {
      const wait = state.retryAt > now ? text.retryIn(formatDuration(state.retryAt - now + 999)) : text.retrying;
      const since = text.since(formatMoment(state.since, now, locale));
      return { icon: icons.offline, word: text.offline, detail: `${since}, ${wait}` };
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-connection': TarsierConnection;
  }
}
