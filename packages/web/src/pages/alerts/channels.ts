import type { Channel, PreviewResponse } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { asking } from '../../controllers/asked.ts';
import { RequestError } from '../../data/rest.ts';
import type { DataSource } from '../../data/source.ts';
import { channelFields, channelOf } from './edit/channel-form.ts';
import { EditingPart } from './edit/editing-part.ts';

const pollMs = 60_000;
const path = '/v1/channels';

/** Where notifications go: made, changed, tried out, and shown how each would tell it. */
export class AlertChannels extends EditingPart {
  /** Of the form, while another than the channel's own is chosen. */
  @state() private kind: Channel['kind'] | undefined;
  @state() private preview: (PreviewResponse & { readonly name: string }) | undefined;

  readonly #channels = asking(
    this,
    () => '/v1/channels?limit=1000',
    () => pollMs,
  );

  protected override get source(): DataSource | undefined {
    return this.#channels.source;
  }

  protected override refresh(): void {
    this.#channels.refresh();
  }

  protected override edit(id: string): void {
    this.kind = undefined;
    super.edit(id);
  }

  override render(): TemplateResult {
    const { state: asked } = this.#channels;
    if (asked.kind !== 'ready') return html`${this.waiting(asked)}`;
    const { channels } = asked.value;
    const { channel: text } = this.policies.words;
    const changed = channels.find(({ id }) => id === this.editing);
    return html`${channels.length === 0 ? html`<p class="card">${text.none}</p>` : this.#table(channels)}
    ${this.status()} ${this.editor(text.new, text.change(changed?.name ?? ''), () => this.#form(changed))}
    ${this.preview === undefined ? nothing : this.#previewed(this.preview)}`;
  }

  #table(channels: readonly Channel[]): TemplateResult {
    const { channels: text, page } = this.locale.words;
    const { kinds } = this.policies.words.channel;
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
                <td>${kinds[channel.kind]}</td>
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
                  ${this.editButtons(channel.id, channel.name, path)}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #previewed({ name, title, text }: PreviewResponse & { readonly name: string }): TemplateResult {
    return html`<section class="card" aria-labelledby="preview">
      <h2 id="preview">${this.locale.words.channels.previewOf(name)}</h2>
      <p><strong>${title}</strong></p>
      <pre>${text}</pre>
    </section>`;
  }

  #form(channel: Channel | undefined): TemplateResult {
    const kind = this.kind ?? channel?.kind ?? 'slack';
    return html`<form @submit=${(event: SubmitEvent) => void this.submit(event, path, channelOf)}>
      ${channelFields(this.policies.words, channel, kind, (chosen) => (this.kind = chosen))} ${this.formButtons()}
    </form>`;
  }

  async #test({ id, name }: Channel): Promise<void> {
    const { channels: text } = this.locale.words;
    this.said = text.testing;
    await this.#asking(async (source) => {
      const { delivered, error = '' } = await source.api.send('POST', `${path}/${encodeURIComponent(id)}/test`, {});
      this.said = delivered ? text.delivered(name) : text.refused(name, error);
    });
  }

  async #show({ name, template }: Channel): Promise<void> {
    this.said = '';
    await this.#asking(async (source) => {
      // What is shown depends on the template alone, and the channel's own secrets are known to the collector only.
      const channel = { kind: 'webhook', name, url: 'https://preview.invalid/', template };
      const answer = await source.api.send('POST', '/v1/channels/preview', { channel });
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
      this.said = this.locale.words.failed(error.message);
    }
  }
}
