import type { Answer } from '@tarsier/protocol/api';
import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { LocaleController } from '../../controllers/locale.ts';
import { SourceController } from '../../controllers/source-context.ts';
import { enteredIn } from '../../data/entered.ts';
import { RequestError } from '../../data/rest.ts';
import type { DataSource } from '../../data/source.ts';
import { define } from '../../define.ts';
import { settingsWords } from '../../i18n/settings/words.ts';
import { SecondFactorSetup } from '../../pages/settings/second-factor-setup.ts';
import { base, tokens } from '../../styles/tokens.ts';

type Ways = Answer<'GET /v1/sign-in'>;

/** Signs somebody in: password, code, another issuer, or an invitation; or has them set up what their tenant wants. */
export class SignIn extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
        width: min(100%, 420px);
        margin: 4vh auto 0;
      }
      section {
        display: grid;
        gap: 14px;
        padding: 24px;
      }
      h1 {
        font-size: 20px;
        font-weight: 600;
      }
      form {
        display: grid;
        gap: 12px;
      }
      label {
        display: grid;
        gap: 4px;
        font-weight: 500;
      }
      .field {
        min-height: 40px;
        font-weight: 400;
        font-size: 16px;
      }
      .button {
        min-height: 40px;
      }
      .primary {
        border-color: var(--_accent);
        background: var(--_accent);
        color: var(--_surface);
      }
      .primary:hover {
        background: var(--_text);
      }
      a.button {
        display: grid;
        place-items: center;
        color: inherit;
        text-decoration: none;
      }
      .problem {
        padding: 10px 12px;
        border-inline-start: 3px solid var(--_critical);
        background: var(--_page);
      }
      .problem:empty {
        display: none;
      }
    `,
  ];

  /** Token of an invitation that is to be accepted. */
  @property({ attribute: false }) invitation = '';
  /** Code of why somebody comes back from an issuer without a session. */
  @property({ attribute: false }) problem = '';

  @state() private step: 'credentials' | 'code' | 'set-up' = 'credentials';
  @state() private said = '';
  @state() private ways: Ways = { providers: [] };
  @state() private isBusy = false;

  readonly #locale = new LocaleController(this, settingsWords);
  readonly #source = new SourceController(this, (source) => void this.#look(source));

  constructor() {
    super();
    this.addController(this.#source);
  }

  override connectedCallback(): void {
    define([['tarsier-second-factor-setup', SecondFactorSetup]]);
    super.connectedCallback();
  }

  async #look(source: DataSource | undefined): Promise<void> {
    if (source === undefined) return;
    // Without it there is still the password.
    this.ways = await source.api.get('/v1/sign-in').catch(() => this.ways);
    await this.#lookWhetherDone(source).catch(() => undefined);
  }

  /** Who is in already may still lack what the tenant wants. */
  async #lookWhetherDone(source: DataSource): Promise<boolean> {
    const { scope } = await source.api.get('/v1/session');
    if (scope === 'none') this.step = 'set-up';
    return scope !== 'none';
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const source = this.#source.value;
    if (source === undefined || this.isBusy) return;
    const entered = enteredIn(event.target as HTMLFormElement);
    const { email = '', password = '', name = '', code = '' } = entered;
    const withCode = code === '' ? {} : { code };
    this.isBusy = true;
    try {
      if (this.invitation === '') await source.api.send('POST', '/v1/sign-in', { email, password, ...withCode });
      else {
        const body = { token: this.invitation, name, password, ...withCode };
        await source.api.send('POST', '/v1/invitations/accept', body);
      }
      this.said = '';
      if (await this.#lookWhetherDone(source)) this.#done();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#refused(error);
    } finally {
      this.isBusy = false;
    }
  }

  #refused({ code, message, retryAfterS }: RequestError): void {
    const { signIn } = this.#locale.words;
    if (code === 'auth/second-factor') {
      this.step = 'code';
      this.said = '';
      void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[name=code]')?.focus());
    } else if (code === 'auth/attempts' && retryAfterS !== undefined) {
      this.said = signIn.tooMany(Math.ceil(retryAfterS / 60));
    } else {
      this.said = signIn.problems[code] ?? message;
    }
  }

  /** Everything anew, as who one is now. */
  #done(): void {
    this.dispatchEvent(new Event('tarsier-signed-in', { bubbles: true, composed: true }));
  }

  override render(): TemplateResult {
    const { signIn, account } = this.#locale.words;
    if (this.step === 'set-up') {
      return html`<section class="card">
        <h1>${account.totp}</h1>
        <p>${signIn.wanted}</p>
        <tarsier-second-factor-setup @tarsier-done=${this.#done}></tarsier-second-factor-setup>
      </section>`;
    }
    const said = this.said === '' && this.problem !== '' ? (signIn.problems[this.problem] ?? this.problem) : this.said;
    const isInvited = this.invitation !== '';
    const isCode = this.step === 'code';
    return html`<section class="card">
      <h1>${isInvited ? signIn.accept : signIn.title}</h1>
      ${isInvited ? html`<p class="quiet">${signIn.acceptHelp}</p>` : nothing}
      <p class="problem" role="alert">${said}</p>
      <form @submit=${(event: SubmitEvent) => void this.#submit(event)}>
        ${
          isInvited
            ? html`<label ?hidden=${isCode}
                >${signIn.name}<input class="field" name="name" autocomplete="name" maxlength="200" required
              /></label>`
            : html`<label ?hidden=${isCode}
                >${signIn.email}<input class="field" name="email" type="email" autocomplete="username" required
              /></label>`
        }
        <label ?hidden=${isCode}
          >${isInvited ? signIn.choosePassword : account.password}
          <input
            class="field"
            name="password"
            type="password"
            autocomplete=${isInvited ? 'new-password' : 'current-password'}
            minlength=${isInvited ? 12 : 1}
            required
        /></label>
        ${
          isCode
            ? html`<label
                  >${account.code}<input class="field" name="code" autocomplete="one-time-code" required
                /></label>
                <p class="quiet">${signIn.codeHelp}</p>`
            : nothing
        }
        <button class="button primary" type="submit" aria-busy=${this.isBusy}>
          ${isInvited ? signIn.join : signIn.submit}
        </button>
        ${
          isCode
            ? html`<button
                class="button"
                type="button"
                @click=${() => {
                  this.step = 'credentials';
                  this.said = '';
                }}
              >
                ${signIn.back}
              </button>`
            : nothing
        }
      </form>
      ${
        isCode
          ? nothing
          : this.ways.providers.map(({ name, href }) => html`<a class="button" href=${href}>${signIn.with(name)}</a>`)
      }
      ${isInvited || isCode ? nothing : html`<p class="quiet">${signIn.help}</p>`}
    </section>`;
  }
}
