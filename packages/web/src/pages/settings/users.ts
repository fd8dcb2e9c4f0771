import type { Role } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { invitationLink } from './invitation-link.ts';
import { SettingsSection } from './section.ts';

const roles: readonly Role[] = ['owner', 'admin', 'editor', 'on-call', 'viewer'];

/** Who belongs to the tenant, and who is invited. */
export class SettingsUsers extends SettingsSection {
  readonly #users = this.ask(() => '/v1/users');
  readonly #invitations = this.ask(() => '/v1/invitations');

  override render(): TemplateResult {
    const { users: words } = this.locale.words;
    return html`${this.secret === '' ? nothing : this.shownOnce()}
    ${this.whenReady(
      this.#users,
      ({ users }) =>
        html`<section class="card" aria-labelledby="users">
            <h2 id="users">${words.title}</h2>
            ${
              users.length === 0
                ? html`<p>${words.none}</p>`
                : this.table(
                    words.title,
                    [words.email, words.name, words.role, words.since, ''],
                    users.map(({ id, email, name, role, createdAt }) => [
                      email,
                      name,
                      html`<select
                        class="field"
                        aria-label=${words.roleOf(email)}
                        @change=${(event: Event) => {
                          const chosen = (event.target as HTMLSelectElement).value;
                          return void this.change(
                            this.#users,
                            ['PUT', `/v1/users/${id}`, { role: chosen }],
                            words.changed,
                          );
                        }}
                      >
                        ${roles.map((one) => html`<option ?selected=${one === role}>${one}</option>`)}
                      </select>`,
                      this.when(createdAt),
                      this.button(
                        words.remove,
                        () => this.change(this.#users, ['DELETE', `/v1/users/${id}`], words.removed),
                        words.removeLabel(email),
                      ),
                    ]),
                  )
            }
          </section>
          <section class="card" aria-labelledby="invite">
            <h2 id="invite">${words.invite}</h2>
            <p class="quiet">${words.inviteHelp}</p>
            ${this.form(
              html`${this.field(words.email, 'email', { type: 'email' })}
              ${this.choice(words.role, 'role', roles, 'viewer')}`,
              words.invite,
              (entered) => this.#invite(entered),
            )}
          </section>
          ${this.#open()}`,
    )}`;
  }

  async #invite(entered: Readonly<Record<string, string>>): Promise<unknown> {
    const { users: words } = this.locale.words;
    const changed = await this.change(this.#invitations, ['POST', '/v1/invitations', entered], words.invited);
    if (changed !== undefined) this.secret = invitationLink(changed.answer.token);
    return changed;
  }

  #open(): TemplateResult | typeof nothing {
    const { users: words } = this.locale.words;
    const { state: asked } = this.#invitations;
    if (asked.kind !== 'ready' || asked.value.invitations.length === 0) return nothing;
    return html`<section class="card" aria-labelledby="open">
      <h2 id="open">${words.open}</h2>
      ${this.table(
        words.open,
        [words.email, words.role, words.until, ''],
        asked.value.invitations.map(({ id, email, role, expiresAt }) => [
          email,
          role,
          this.when(expiresAt),
          this.button(
            words.takeBack,
            () => this.change(this.#invitations, ['DELETE', `/v1/invitations/${id}`], words.takenBack),
            words.takeBackLabel(email),
          ),
        ]),
      )}
    </section>`;
  }
}
