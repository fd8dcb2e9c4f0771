import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatAge } from '../../chart/age.ts';
import { formatCount } from '../../chart/units.ts';
import { FollowController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { fleetWords } from '../../i18n/fleet/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { styles } from './tarsier-host.styles.ts';
import { vitalsOf } from './vitals.ts';

/**
 * One host: its state in a sentence, its health, and charts of its vital signs over the shared time range.
 *
 * @slot actions - beside the sentence
 * @csspart charts
 */
export class TarsierHost extends LitElement {
  static override styles = [tokens, base, styles];

  /** The host's name. */
  @property() host = '';

  readonly #follow = new FollowController(this, ({ hosts }) => [hosts]);
  readonly #locale = new LocaleController(this, fleetWords);

  #sentence(): string {
    const { host: text } = this.#locale.words;
    const source = this.#follow.source;
    const hosts = source?.hosts.value;
    if (source === undefined || hosts?.kind !== 'ready') return '';
    const summary = hosts.value.find(({ host }) => host === this.host);
    if (summary === undefined) return text.unknown;
    const { series, state, lastSeen } = summary;
    const count = formatCount(series, this.#locale);
    if (state === 'up') return text.about(count, text.live);
    return text.about(
      count,
      lastSeen === undefined ? text.notLately : text.lastSeen(formatAge(lastSeen, source.now(), this.#locale)),
    );
  }

  override render(): TemplateResult {
    const { vitals } = this.#locale.words.host;
    return html`<div class="heading">
        <h2>${this.host}</h2>
        <span class="quiet">${this.#sentence()}</span>
        <slot name="actions"></slot>
      </div>
      <tarsier-health host=${this.host}></tarsier-health>
      <div class="charts" part="charts">
        ${repeat(
          vitalsOf(this.host),
          ({ selector }) => selector,
          ({ id, selector, rate = false, by = '', max }) =>
            html`<tarsier-chart
              label=${vitals[id]}
              selector=${selector}
              ?rate=${rate}
              by=${by}
              max=${max ?? nothing}
            ></tarsier-chart>`,
        )}
      </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-host': TarsierHost;
  }
}
