import type { LabTrial } from '@tarsier/protocol/api';
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { SourceController } from '../../controllers/source-context.ts';
import { RequestError } from '../../data/rest.ts';
import type { Loadable, SourceError } from '../../data/source.ts';
import { define } from '../../define.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';
import { LabResult, type TrialChosen } from './lab-result.ts';
import { RuleList } from './rule-list.ts';
import { styles } from './rules.styles.ts';
import { emptyDraft, faultsOf, isBound, ruleOf, trialOf } from './trial.ts';
import type { RuleDraft } from './trial.ts';

const pastMs = 86_400_000;
const ops = ['>', '>=', '<', '<='] as const;
const severities = ['info', 'warning', 'critical', 'page'] as const;

/** A form for a new rule that is tried on the past before it is kept, and all rules. */
export class RulesPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles, styles];

  @property({ attribute: false }) route: Route | undefined;

  @state() private draft: RuleDraft = emptyDraft;
  @state() private trials: Loadable<readonly LabTrial[]> | undefined;
  @state() private saved: string | undefined;
  @state() private refused: SourceError | undefined;

  readonly #locale = new LocaleController(this, appWords);
  readonly #source = new SourceController(this, () => undefined);

  constructor() {
    super();
    this.addController(this.#source);
  }

  override connectedCallback(): void {
    define([
      ['tarsier-lab-result', LabResult],
      ['tarsier-rule-list', RuleList],
    ]);
    super.connectedCallback();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { expr, value } = this.route?.parameters ?? {};
    if (!changed.has('route') || expr === undefined) return;
    this.draft = { ...this.draft, expr, ...(value === undefined ? {} : { value }) };
    this.trials = undefined;
  }

  async #try(): Promise<void> {
    const source = this.#source.value;
    if (source === undefined) return;
    this.trials = { kind: 'loading' };
    try {
      const { trials } = await source.api.send('POST', '/v1/rule-lab', trialOf(this.draft, source.now(), pastMs));
      this.trials = { kind: 'ready', value: trials };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.trials = { kind: 'failed', error };
    }
  }

  async #save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const source = this.#source.value;
    if (source === undefined || faultsOf(this.draft).size > 0) return;
    try {
      await source.api.send('POST', '/v1/rules', ruleOf(this.draft, source.now()));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.refused = error;
      return;
    }
    this.refused = undefined;
    this.saved = this.draft.name;
    this.draft = emptyDraft;
    this.trials = undefined;
    this.renderRoot.querySelector('tarsier-rule-list')?.refresh();
  }

  #set(change: Partial<RuleDraft>): void {
    this.draft = { ...this.draft, ...change };
    this.saved = undefined;
  }

  override render(): TemplateResult {
    const { words } = this.#locale;
    return html`<h1>${words.pages.rules}</h1>
      ${this.#form()}
      <tarsier-rule-list></tarsier-rule-list>`;
  }

  #form(): TemplateResult {
    const { rules: text } = this.#locale.words;
    const faults = faultsOf(this.draft);
    const input = (field: 'name' | 'expr' | 'value' | 'hold', label: string): TemplateResult =>
      html`<label class=${field}
        >${label}
        <input
          class="field"
          .value=${this.draft[field]}
          aria-invalid=${this.draft[field] !== '' && faults.has(field) ? 'true' : 'false'}
          @input=${(event: InputEvent) => this.#set({ [field]: (event.target as HTMLInputElement).value })}
        />
      </label>`;
    return html`<form class="card" @submit=${(event: SubmitEvent) => void this.#save(event)} aria-label=${text.new}>
      <h2>${text.new}</h2>
      <div class="fields">
        ${input('name', text.name)} ${input('expr', text.expr)}
        <label
          >${text.op}
          <select
            class="field"
            @change=${(event: Event) => this.#set({ op: ops[(event.target as HTMLSelectElement).selectedIndex] ?? '>' })}
          >
            ${ops.map((op) => html`<option ?selected=${op === this.draft.op}>${op}</option>`)}
          </select>
        </label>
        ${input('value', text.value)} ${input('hold', text.hold)}
        <label
          >${text.severity}
          <select
            class="field"
            @change=${(event: Event) =>
              this.#set({ severity: severities[(event.target as HTMLSelectElement).selectedIndex] ?? 'warning' })}
          >
            ${severities.map(
              (severity) =>
                html`<option ?selected=${severity === this.draft.severity}>${text.severities[severity]}</option>`,
            )}
          </select>
        </label>
      </div>
      <label class="shadow"
        ><input
          type="checkbox"
          .checked=${this.draft.shadow}
          @change=${(event: Event) => this.#set({ shadow: (event.target as HTMLInputElement).checked })}
        />${text.shadow}</label
      >
      <div class="actions">
        <button class="button" type="button" ?disabled=${faults.has('expr') || faults.has('value')} @click=${this.#try}>
          ${text.try}
        </button>
        <button class="button" type="submit" ?disabled=${faults.size > 0}>${text.save}</button>
        <span role="status">${this.saved === undefined ? '' : text.saved(this.saved)}</span>
      </div>
      ${
        this.refused === undefined
          ? nothing
          : html`<p class="refused" role="alert">${icons.warning}${this.refused.message}</p>`
      }
      ${this.#tried()}
    </form>`;
  }

  #tried(): TemplateResult | typeof nothing {
    const { rules: text } = this.#locale.words;
    const { trials } = this;
    if (trials === undefined) return nothing;
    if (trials.kind === 'loading') return html`<p class="quiet" aria-busy="true">${text.trying}</p>`;
    if (trials.kind === 'failed') {
      return html`<p class="refused" role="alert">${icons.warning}${trials.error.message}</p>`;
    }
    const wished = trials.value.find((trial) => isBound(trial, Number(this.draft.value)));
    // Another bound was typed since: it has yet to be tried.
    if (wished === undefined) return nothing;
    return html`<tarsier-lab-result
      .trials=${trials.value}
      .op=${this.draft.op}
      .value=${wished.value}
      @trial-chosen=${({ detail }: TrialChosen) => this.#set({ value: String(detail.value) })}
    ></tarsier-lab-result>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-rules-page': RulesPage;
  }
}
