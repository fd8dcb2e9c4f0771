import { type Answer } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { SettingsSection } from './section.ts';

const dayMs = 86_400_000;
const scopes = ['ingest', 'read', 'write', 'admin'] as const;

/** Keys for programs. */
export class SettingsKeys extends SettingsSection {
  readonly #keys = this.ask(() => '/v1/keys?limit=1000');

  override render(): TemplateResult {
    const { keys: words } = this.locale.words;
    return html`${this.secret === '' ? nothing : this.shownOnce()}
    ${this.whenReady(
      this.#keys,
      ({ keys }) =>
        html`<section class="card" aria-labelledby="new">
            <h2 id="new">${words.make}</h2>
            ${this.form(
              html`${this.field(words.name, 'name')} ${this.choice(words.scope, 'scope', scopes, 'read')}
                <p class="quiet">${words.scopeHelp}</p>
                ${this.field(words.days, 'days', { type: 'number', min: '1', required: false })}`,
              words.make,
              ({ days = '', ...entered }) => {
                const body = days === '' ? entered : { ...entered, expiresInMs: Math.round(Number(days) * dayMs) };
                return this.#make('/v1/keys', body, words.made);
              },
            )}
          </section>
          <section class="card" aria-labelledby="keys">
            <h2 id="keys">${words.title}</h2>
            ${
              keys.length === 0
                ? html`<p>${words.none}</p>`
                : this.table(
                    words.title,
                    [words.name, words.key, words.scope, words.made, words.used, words.ends, ''],
                    keys.map((key) => this.#row(key)),
                  )
            }
          </section>`,
    )}`;
  }

  #row(key: Answer<'GET /v1/keys'>['keys'][number]): readonly (TemplateResult | string)[] {
    const { keys: words } = this.locale.words;
    const { id, name, host, prefix, lastFour, scope, createdAt, lastUsedAt, expiresAt, revokedAt } = key;
    const isOver = revokedAt !== null || (expiresAt !== null && expiresAt < Date.now());
    return [
      host === null ? name : words.ofHost(name, host),
      html`<code>${prefix}…${lastFour}</code>`,
      scope,
      this.when(createdAt),
      this.when(lastUsedAt),
      isOver ? words.over : this.when(expiresAt),
      isOver
        ? ''
        : html`${
            host === null
              ? this.button(
                  words.rotate,
                  () => this.#make(`/v1/keys/${id}/rotate`, {}, words.rotated),
                  words.rotateLabel(name),
                )
              : nothing
          }
          ${this.button(
            words.revoke,
            () => this.change(this.#keys, ['DELETE', `/v1/keys/${id}`], words.revoked),
            words.revokeLabel(name),
          )}`,
    ];
  }

  async #make(path: '/v1/keys' | `/v1/keys/${string}/rotate`, body: object, done: string): Promise<unknown> {
    const changed = await this.change(this.#keys, ['POST', path, body], done);
    if (changed !== undefined) this.secret = changed.answer.key;
    return changed;
  }
}
