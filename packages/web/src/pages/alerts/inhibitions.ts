import type { Inhibition } from '@tarsier/protocol/api';
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { AskedController } from '../../controllers/asked.ts';
import type { DataSource } from '../../data/source.ts';
import { EditingPart } from './edit/editing-part.ts';
import { area, check, input, type Entered } from './edit/inputs.ts';

const pollMs = 60_000;
const path = '/v1/inhibitions';

/** Which alerts mute which others: those of the tenant, and those that are always in force. */
export class AlertInhibitions extends EditingPart {
  readonly #inhibitions = new AskedController<{ readonly inhibitions: readonly Inhibition[] }>(
    this,
    () => `${path}?limit=1000`,
    () => pollMs,
  );

  protected override get source(): DataSource | undefined {
    return this.#inhibitions.source;
  }

  protected override refresh(): void {
    this.#inhibitions.refresh();
  }

  override render(): TemplateResult {
    const { state: asked } = this.#inhibitions;
    if (asked.kind !== 'ready') return html`${this.waiting(asked)}`;
    const { inhibitions } = asked.value;
    const { inhibition: text } = this.policies.words;
    const changed = inhibitions.find(({ id }) => id === this.editing);
    return html`<section class="card" aria-labelledby="inhibitions">
        <h2 id="inhibitions">${text.tab}</h2>
        <p class="quiet">${text.intro}</p>
        <ul class="tree">
          ${inhibitions.map((one) => this.#branch(one))}
          ${text.standing.map(
            ([name, what]) =>
              html`<li class="branch">
                <strong>${name}</strong> <span class="quiet">${text.always}</span>
                <p>${what}</p>
              </li>`,
          )}
        </ul>
      </section>
      ${this.status()} ${this.editor(text.new, text.change(changed?.name ?? ''), () => this.#form(changed))}`;
  }

  #branch({ id, name, source, target, equal }: Inhibition): TemplateResult {
    const { inhibition: text } = this.policies.words;
    return html`<li class="branch">
      <strong>${name}</strong>
      <p>${text.while} <code>${source.join(', ')}</code></p>
      <p>${text.mutes} <code>${target.join(', ')}</code></p>
      <p class="quiet">${equal === 'series' ? text.sameSeries : text.same(equal.join(', '))}</p>
      <p class="form-buttons">${this.editButtons(id, name, path)}</p>
    </li>`;
  }

  #form(before: Inhibition | undefined): TemplateResult {
    const { words } = this.policies;
    const { inhibition: text } = words;
    const equal = before?.equal ?? ['host'];
    return html`<form @submit=${(event: SubmitEvent) => void this.submit(event, path, inhibitionOf)}>
      ${input('name', words.name, { value: before?.name })}
      ${area('source', text.source, before?.source.join('\n') ?? '', words.route.matchersHelp, true)}
      ${area('target', text.target, before?.target.join('\n') ?? '', undefined, true)}
      ${input('equal', text.equal, { value: equal === 'series' ? '' : equal.join(', '), optional: true })}
      ${check('series', text.series, equal === 'series')} ${this.formButtons()}
    </form>`;
  }
}

function inhibitionOf(entered: Entered): { readonly name: string } {
  return {
    name: entered.text('name'),
    ...{ source: entered.parts('source', '\n'), target: entered.parts('target', '\n') },
    ...{ equal: entered.has('series') ? 'series' : entered.parts('equal', ',') },
  };
}
