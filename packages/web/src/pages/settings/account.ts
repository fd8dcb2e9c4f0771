import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import type { Route } from '../../app/route.ts';
import { AskedController } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { settingsWords } from '../../i18n/settings/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { sectionStyles } from './section.styles.ts';
import type { Session } from './sections.ts';

const pollMs = 60_000;

/** Who is signed in, and how they do that. */
export class SettingsAccount extends LitElement implements PageElement {
  static override styles = [tokens, base, sectionStyles];

  @property({ attribute: false }) route: Route | undefined;

  readonly #locale = new LocaleController(this, settingsWords);
  readonly #session = new AskedController<Session>(
    this,
    () => '/v1/session',
    () => pollMs,
  );

  async #signOut(): Promise<void> {
    await this.#session.source?.api.send('DELETE', '/v1/session');
    location.reload();
  }

  override render(): TemplateResult | typeof nothing {
    const { account } = this.#locale.words;
    const { state: asked } = this.#session;
    if (asked.kind !== 'ready') return nothing;
    const { tenant, scope, user } = asked.value;
    return html`<section class="card fields" aria-labelledby="session">
      <h2 id="session">${account.session}</h2>
      <p>${account.signedInAs(user?.email ?? '', tenant, scope)}</p>
      <p><button class="button" type="button" @click=${() => void this.#signOut()}>${account.signOut}</button></p>
    </section>`;
  }
}
