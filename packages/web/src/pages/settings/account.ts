import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { define } from '../../define.ts';
import { SecondFactorSetup } from './second-factor-setup.ts';
import { SettingsSection } from './section.ts';

/** Who is signed in, where else, and what they sign in with. */
export class SettingsAccount extends SettingsSection {
  @state() private isSettingUp = false;

  readonly #session = this.ask(() => '/v1/session');
  readonly #sessions = this.ask(() => '/v1/sessions?limit=1000');
  readonly #account = this.ask(() => '/v1/account');
  readonly #policy = this.ask(() => '/v1/sign-in-policy');

  override connectedCallback(): void {
    define([['tarsier-second-factor-setup', SecondFactorSetup]]);
    super.connectedCallback();
  }

  async #signOut(): Promise<void> {
    await this.#session.source?.api.send('DELETE', '/v1/session');
    location.reload();
  }

  override render(): TemplateResult {
    const { account } = this.locale.words;
    return this.whenReady(this.#session, ({ tenant, scope, user }) => {
      const isOwner = user?.role === 'owner';
      return html`<section class="card fields" aria-labelledby="session">
          <h2 id="session">${account.session}</h2>
          <p>${account.signedInAs(user?.email ?? '', tenant, scope)}</p>
          <p>${this.button(account.signOut, () => this.#signOut())}</p>
        </section>
        ${this.secret === '' ? nothing : this.shownOnce()} ${this.#signingIn()} ${this.#where()}
        ${isOwner ? this.#wanted() : nothing}`;
    });
  }

  #signingIn(): TemplateResult | typeof nothing {
    const { account: words } = this.locale.words;
    const { state: asked } = this.#account;
    // Who followed the link of a start has none.
    if (asked.kind !== 'ready') return nothing;
    const { hasPassword, hasTotp, recoveryCodesLeft, issuer } = asked.value;
    const code = this.field(words.code, 'code', { autocomplete: 'one-time-code' });
    return html`<section class="card" aria-labelledby="totp">
        <h2 id="totp">${words.totp}</h2>
        ${
          hasTotp
            ? html`<p>${words.totpIsOn(recoveryCodesLeft)}</p>
                <details>
                  <summary>${words.recoveryNew}</summary>
                  ${this.form(code, words.recoveryNew, (entered) => this.#renew(entered['code'] ?? ''))}
                </details>
                <details>
                  <summary>${words.totpOff}</summary>
                  ${this.form(code, words.totpOff, (entered) =>
                    this.change(this.#account, ['POST', '/v1/account/totp/disable', entered], words.totpIsOff),
                  )}
                </details>`
            : this.isSettingUp
              ? html`<tarsier-second-factor-setup
                  @tarsier-done=${() => {
                    this.isSettingUp = false;
                    this.#account.refresh();
                  }}
                ></tarsier-second-factor-setup>`
              : html`<p>${words.totpNone}</p>
                  <p>${this.button(words.totpBegin, () => (this.isSettingUp = true))}</p>`
        }
      </section>
      <section class="card" aria-labelledby="password">
        <h2 id="password">${words.password}</h2>
        ${issuer === null ? nothing : html`<p>${words.issuer(issuer)}</p>`}
        ${
          hasPassword
            ? this.form(
                html`${this.field(words.current, 'current', { type: 'password', autocomplete: 'current-password' })}
                ${this.field(words.fresh, 'password', { type: 'password', autocomplete: 'new-password' })}`,
                words.changePassword,
                (entered) => this.change(this.#sessions, ['PUT', '/v1/account/password', entered], words.changed),
              )
            : html`<p class="quiet">${words.noPassword}</p>`
        }
      </section>`;
  }

  async #renew(code: string): Promise<unknown> {
    const { account: words } = this.locale.words;
    const changed = await this.change(this.#account, ['POST', '/v1/account/recovery-codes', { code }], words.renewed);
    if (changed !== undefined) {
      this.secret = changed.answer.recoveryCodes.join('\n');
    }
    return changed;
  }

  #where(): TemplateResult | typeof nothing {
    const { account: words } = this.locale.words;
    const { state: asked } = this.#sessions;
    if (asked.kind !== 'ready') return nothing;
    return html`<section class="card" aria-labelledby="sessions">
      <h2 id="sessions">${words.sessions}</h2>
      ${this.table(
        words.sessions,
        [words.browser, words.address, words.how, words.began, words.used, ''],
        asked.value.sessions.map(({ id, agent, address, factor, createdAt, lastUsedAt, current }) => [
          browserOf(agent),
          address,
          words.factors[factor],
          this.when(createdAt),
          current ? words.thisOne : this.when(lastUsedAt),
          current
            ? ''
            : this.button(
                words.end,
                () => this.change(this.#sessions, ['DELETE', `/v1/sessions/${id}`], words.ended),
                words.endLabel(browserOf(agent), this.when(createdAt)),
              ),
        ]),
      )}
    </section>`;
  }

  #wanted(): TemplateResult | typeof nothing {
    const { account: words } = this.locale.words;
    const { state: asked } = this.#policy;
    if (asked.kind !== 'ready') return nothing;
    const { requireTotp } = asked.value;
    return html`<section class="card" aria-labelledby="policy">
      <h2 id="policy">${words.policy}</h2>
      <p>${requireTotp ? words.policyOn : words.policyOff}</p>
      <p>
        ${this.button(requireTotp ? words.policyEnd : words.policyBegin, () =>
          this.change(
            this.#policy,
            ['PUT', '/v1/sign-in-policy', { requireTotp: !requireTotp }],
            requireTotp ? words.policyOff : words.policyOn,
          ),
        )}
      </p>
    </section>`;
  }
}

/** What people call it: its name and system, where they can be told. */
function browserOf(agent: string): string {
  const [, browser] = /(Edg|OPR|Firefox|Chrome|Safari)\/[\d.]+(?!.*(?:Edg|OPR)\/)/u.exec(agent) ?? [];
  const [, system] = /(Windows|Android|iPhone|iPad|Macintosh|Linux)/u.exec(agent) ?? [];
  const names: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera', Macintosh: 'macOS' };
  const said = [browser, system].filter((part) => part !== undefined).map((part) => names[part] ?? part);
  return said.length === 0 ? agent.slice(0, 40) || '?' : said.join(', ');
}
