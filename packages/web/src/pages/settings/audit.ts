import type { AuditEntry } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { SettingsSection } from './section.ts';

const atOnce = 50;

/** Who changed what. */
export class SettingsAudit extends SettingsSection {
  @state() private filter: Readonly<Record<string, string>> = {};
  /** Where the parts begin that were turned to, the first one left out. */
  @state() private cursors: readonly string[] = [];

  readonly #audit = this.ask(() => {
    const given = Object.entries(this.filter).filter(([, value]) => value !== '');
    const cursor = this.cursors.at(-1);
    const query = new URLSearchParams([...given, ['limit', String(atOnce)], ...(cursor ? [['cursor', cursor]] : [])]);
    return `/v1/audit?${query}`;
  });

  override render(): TemplateResult {
    const { audit: words } = this.locale.words;
    return html`<section class="card" aria-labelledby="filter">
        <h2 id="filter">${words.filter}</h2>
        ${this.form(
          html`${this.field(words.actor, 'actor', { required: false })}
          ${this.field(words.action, 'action', { required: false, placeholder: 'POST /v1/silences' })}`,
          words.show,
          async (entered) => {
            this.filter = entered;
            this.cursors = [];
            return undefined;
          },
        )}
      </section>
      ${this.whenReady(
        this.#audit,
        ({ entries, next }) =>
          html`<section class="card" aria-labelledby="entries">
            <h2 id="entries">${words.title}</h2>
            ${
              entries.length === 0
                ? html`<p>${words.none}</p>`
                : this.table(
                    words.title,
                    [words.at, words.actor, words.action, words.target, words.from, words.what],
                    entries.map((entry) => this.#row(entry)),
                  )
            }
            <p>
              ${this.cursors.length === 0 ? nothing : this.button(words.newer, () => (this.cursors = this.cursors.slice(0, -1)))}
              ${next === undefined ? nothing : this.button(words.older, () => (this.cursors = [...this.cursors, next]))}
            </p>
          </section>`,
      )}`;
  }

  #row({ at, actor, action, target, from, before, after }: AuditEntry): readonly (TemplateResult | string)[] {
    const { audit: words } = this.locale.words;
    const text = (value: unknown): string => JSON.stringify(value, undefined, 2);
    return [
      this.when(at),
      actor.name,
      html`<code>${action}</code>`,
      html`<code>${target}</code>`,
      from,
      html`<details>
        <summary>${words.show}</summary>
        <p>${words.before}</p>
        <pre>${text(before)}</pre>
        <p>${words.after}</p>
        <pre>${text(after)}</pre>
      </details>`,
    ];
  }
}
