import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { formatDuration, formatMoment } from '../../chart/age.ts';
import { FollowController, SecondsController } from '../../controllers/follow.ts';
import type { Connection } from '../../data/source.ts';
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
    const { icon, word, detail } = describe(state, Date.now());
    // The countdown is not announced each second: only the word is in the live region.
    return html`<span class="pill ${state.kind}" part="pill">
      ${icon}<span role="status">${word}</span>${detail === '' ? '' : html`<span class="quiet">${detail}</span>`}
    </span>`;
  }
}

function describe(state: Connection, now: number): { icon: TemplateResult; word: string; detail: string } {
  switch (state.kind) {
    case 'live':
      return { icon: icons.live, word: 'Live', detail: '' };
    case 'connecting':
      return { icon: icons.connecting, word: 'Connecting', detail: '' };
    case 'signed-out':
      return { icon: icons.signedOut, word: 'Signed out', detail: '' };
    case 'offline': {
      const wait = state.retryAt > now ? `retry in ${formatDuration(state.retryAt - now + 999)}` : 'retrying';
      return { icon: icons.offline, word: 'Offline', detail: `since ${formatMoment(state.since, now)}, ${wait}` };
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-connection': TarsierConnection;
  }
}
