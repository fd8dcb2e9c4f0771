import type { Tenant, TierEntry } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { invitationLink } from './invitation-link.ts';
import { SettingsSection } from './section.ts';

/** All tenants, and what the tiers let them use: for operators. */
export class SettingsTenants extends SettingsSection {
  readonly #tenants = this.ask(() => '/v1/tenants?limit=1000');
  readonly #tiers = this.ask(() => '/v1/tiers');

  override render(): TemplateResult {
    const { tenants: words } = this.locale.words;
    const { state: asked } = this.#tiers;
    const tiers = asked.kind === 'ready' ? asked.value.tiers : [];
    return html`${this.secret === '' ? nothing : this.shownOnce()}
    ${this.whenReady(
      this.#tenants,
      ({ tenants }) =>
        html`<section class="card" aria-labelledby="tenants">
            <h2 id="tenants">${words.title}</h2>
            ${this.table(
              words.title,
              [words.name, words.tier, words.state, ''],
              tenants.map((tenant) => this.#row(tenant, tiers)),
            )}
          </section>
          <section class="card" aria-labelledby="make">
            <h2 id="make">${words.make}</h2>
            <p class="quiet">${words.makeHelp}</p>
            ${this.form(
              html`${this.field(words.name, 'name')}
              ${this.choice(
                words.tier,
                'tier',
                tiers.map(({ name }) => name),
              )}
              ${this.field(words.owner, 'email', { type: 'email' })}`,
              words.make,
              (entered) => this.#make(entered),
            )}
          </section>
          ${tiers.map((tier) => this.#tier(tier))}
          <details class="card">
            <summary>${words.newTier}</summary>
            ${this.form(
              html`${this.field(words.name, 'name')} ${this.#limits({})}`,
              words.save,
              ({ name = '', ...limits }) => this.#saveTier(name, limits),
            )}
          </details>`,
    )}`;
  }

  #row({ id, name, tier, suspendedAt }: Tenant, tiers: readonly TierEntry[]): readonly (TemplateResult | string)[] {
    const { tenants: words } = this.locale.words;
    const isSuspended = suspendedAt !== null;
    const set = (change: object, done: string): Promise<unknown> =>
      this.change(this.#tenants, ['PUT', `/v1/tenants/${id}`, { tier, suspended: isSuspended, ...change }], done);
    return [
      name,
      html`<select
        class="field"
        aria-label=${words.tierOf(name)}
        @change=${(event: Event) =>
          void set({ tier: (event.target as HTMLSelectElement).value }, words.changed).then(() =>
            this.#tiers.refresh(),
          )}
      >
        ${tiers.map((one) => html`<option ?selected=${one.name === tier}>${one.name}</option>`)}
      </select>`,
      isSuspended ? words.suspended(this.when(suspendedAt)) : words.inUse,
      html`${this.button(
        isSuspended ? words.resume : words.suspend,
        () => set({ suspended: !isSuspended }, words.changed),
        isSuspended ? words.resumeLabel(name) : words.suspendLabel(name),
      )}
      ${
        isSuspended
          ? this.button(
              words.delete,
              () => this.change(this.#tenants, ['DELETE', `/v1/tenants/${id}`], words.deleted),
              words.deleteLabel(name),
            )
          : nothing
      }`,
    ];
  }

  async #make({ name, tier, email }: Readonly<Record<string, string>>): Promise<unknown> {
    const { tenants: words } = this.locale.words;
    const made = await this.change(this.#tenants, ['POST', '/v1/tenants', { name, tier }], words.made);
    if (made === undefined) return undefined;
    const { id } = made.answer;
    const body = { email, role: 'owner' };
    const invited = await this.change(this.#tenants, ['POST', `/v1/tenants/${id}/invitations`, body], words.made);
    if (invited !== undefined) this.secret = invitationLink(invited.answer.token);
    return invited;
  }

  #tier({ name, limits, weight, tenants }: TierEntry): TemplateResult {
    const { tenants: words } = this.locale.words;
    return html`<details class="card">
      <summary>${words.tierTitle(name, tenants)}</summary>
      ${this.form(this.#limits({ ...limits, weight }), words.save, (entered) => this.#saveTier(name, entered))}
      ${
        tenants > 0
          ? nothing
          : html`<p>
              ${this.button(words.deleteTier, () =>
                this.change(this.#tiers, ['DELETE', `/v1/tiers/${encodeURIComponent(name)}`], words.changed),
              )}
            </p>`
      }
    </details>`;
  }

  /** One field for each: empty is no limit. */
  #limits(values: Readonly<Record<string, number | undefined>>): TemplateResult {
    const { tenants: words } = this.locale.words;
    return html`<p class="quiet">${words.limitsHelp}</p>
      ${Object.entries(words.limits).map(([name, label]) =>
        this.field(label, name, { type: 'number', min: '0', required: false, value: String(values[name] ?? '') }),
      )}`;
  }

  /** Stays as it was entered. */
  async #saveTier(name: string, { weight = '', ...entered }: Readonly<Record<string, string>>): Promise<undefined> {
    const { tenants: words } = this.locale.words;
    const given = Object.entries(entered).filter(([, value]) => value !== '');
    const limits = Object.fromEntries(given.map(([limit, value]) => [limit, Number(value)]));
    const body = { limits, ...(weight === '' ? {} : { weight: Number(weight) }) };
    await this.change(this.#tiers, ['PUT', `/v1/tiers/${encodeURIComponent(name)}`, body], words.changed);
  }
}
