import type { Channel, ChannelTestResponse, PreviewResponse } from '@tarsier/protocol/api';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { AskedController } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { RequestError } from '../../data/rest.ts';
import type { DataSource } from '../../data/source.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { partStyles } from './part.styles.ts';

const pollMs = 60_000;

/** Where notifications go: each can be tried out, and shown how it would tell it. */
export class AlertChannels extends LitElement {
  static override styles = [tokens, base, partStyles];

  @state() private said = '';
  @state() private preview: (PreviewResponse & { readonly name: string }) | undefined;

  readonly #locale = new LocaleController(this, alertWords);
  readonly #channels = new AskedController<{ readonly channels: readonly Channel[] }>(
    this,
    () => '/v1/channels?limit=1000',
    () => pollMs,
  );

  override render(): TemplateResult {
    const { channels: text, list } = this.#locale.words;
    const { state: asked } = this.#channels;
    if (asked.kind === 'loading') return html`<p class="quiet" aria-busy="true">${list.loading}</p>`;
    if (asked.kind === 'failed') {
      return html`<p class="card">${text.failed} ${asked.error.message} <code>${asked.error.code}</code></p>`;
    }
    const { channels } = asked.value;
    return html`${channels.length === 0 ? html`<p class="card">${text.none}</p>` : this.#table(channels)}
      <p role="status" class="said">${this.said}</p>
      ${this.preview === undefined ? nothing : this.#previewed(this.preview)}`;
  }

  #table(channels: readonly Channel[]): TemplateResult {
    const { channels: text, page } = this.#locale.words;
    return html`<div class="card scroll" tabindex="0" role="region" aria-label=${page.channels}>
      <table>
        <thead>
          <tr>
            <th scope="col">${text.name}</th>
            <th scope="col">${text.kind}</th>
            <td></td>
          </tr>
        </thead>
        <tbody>
          ${channels.map(
            (channel) =>
              html`<tr>
                <th scope="row">${channel.name}</th>
                <td>${channel.kind}</td>
                <td class="actions">
                  <button
                    class="button"
                    type="button"
                    aria-label=${text.testLabel(channel.name)}
                    @click=${() => void this.#test(channel)}
                  >
                    ${text.test}
                  </button>
                  <button
                    class="button"
                    type="button"
                    aria-label=${text.previewLabel(channel.name)}
                    @click=${() => void this.#show(channel)}
                  >
                    ${text.preview}
                  </button>
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #previewed({ name, title, text }: PreviewResponse & { readonly name: string }): TemplateResult {
    return html`<section class="card" aria-labelledby="preview">
      <h2 id="preview">${this.#locale.words.channels.previewOf(name)}</h2>
      <p><strong>${title}</strong></p>
      <pre>${text}</pre>
    </section>`;
  }

  async #test({ id, name }: Channel): Promise<void> {
    const { channels: text } = this.#locale.words;
    this.said = text.testing;
    await this.#asking(async (source) => {
      const path = `/v1/channels/${encodeURIComponent(id)}/test`;
      // The collector's own answer, checked where it was made.
      const { delivered, error = '' } = (await source.api.send('POST', path, {})) as ChannelTestResponse;
      this.said = delivered ? text.delivered(name) : text.refused(name, error);
    });
  }

  async #show({ name, template }: Channel): Promise<void> {
    this.said = '';
    await this.#asking(async (source) => {
      // What is shown depends on the template alone, and the channel's own secrets are known to the collector only.
      const channel = { kind: 'webhook', name, url: 'https://preview.invalid/', template };
      const answer = (await source.api.send('POST', '/v1/channels/preview', { channel })) as PreviewResponse;
      this.preview = { ...answer, name };
    });
  }

  async #asking(ask: (source: DataSource) => Promise<void>): Promise<void> {
    const { source } = this.#channels;
    if (source === undefined) return;
    try {
      await ask(source);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.said = this.#locale.words.failed(error.message);
    }
  }
}
