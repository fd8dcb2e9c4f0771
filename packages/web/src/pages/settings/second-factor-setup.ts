import type { BodyInput } from '@tarsier/protocol/api';
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { qrImage } from '../../qr/qr-image.ts';
import { SettingsSection } from './section.ts';

interface Begun {
  readonly secret: string;
  readonly uri: string;
}

/**
 * Sets up a second factor: the password, the secret for the authenticator, a code of it, and the recovery codes.
 *
 * @fires tarsier-done - the recovery codes were seen
 */
export class SecondFactorSetup extends SettingsSection {
  @state() private begun: Begun | undefined;
  @state() private codes: readonly string[] = [];

  readonly #account = this.ask(() => '/v1/account');

  override render(): TemplateResult {
    const { account: words } = this.locale.words;
    return this.whenReady(this.#account, ({ hasPassword }) => {
      if (this.codes.length > 0) return this.#recovery();
      if (this.begun !== undefined) return this.#confirm(this.begun);
      const password = this.field(words.password, 'password', { type: 'password', autocomplete: 'current-password' });
      return html`<p>${words.totpWhy}</p>
        ${this.form(hasPassword ? password : html``, words.totpBegin, (entered) => this.#begin(entered))}`;
    });
  }

  async #begin({ password = '' }: Readonly<Record<string, string>>): Promise<unknown> {
    const body: BodyInput<'POST /v1/account/totp'> = { password };
    const changed = await this.change(this.#account, ['POST', '/v1/account/totp', body], '');
    this.begun = changed?.answer;
    return changed;
  }

  #confirm({ secret, uri }: Begun): TemplateResult {
    const { account: words } = this.locale.words;
    return html`<p>${words.totpEnter}</p>
      <p>${qrImage(uri, words.totpCode)}</p>
      <pre>${(secret.match(/.{1,4}/gu) ?? []).join(' ')}</pre>
      <p><a href=${uri}>${words.totpOpen}</a></p>
      ${this.form(
        this.field(words.code, 'code', { autocomplete: 'one-time-code', placeholder: '123456' }),
        words.totpConfirm,
        async ({ code = '' }) => {
          const changed = await this.change(
            this.#account,
            ['POST', '/v1/account/totp/confirm', { code }],
            words.totpOn,
          );
          if (changed === undefined) return undefined;
          this.codes = changed.answer.recoveryCodes;
          return changed;
        },
      )}`;
  }

  #recovery(): TemplateResult {
    const { account: words } = this.locale.words;
    return html`<p>${words.recoveryWhy}</p>
      <pre>${this.codes.join('\n')}</pre>
      <p>${this.button(words.recoveryKept, () => this.dispatchEvent(new Event('tarsier-done')))}</p>`;
  }
}
