import type { LabTrial, NewRule, Rule, RuleEvaluation, RuleFilesResponse } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { appWords } from '../../app/words/words.ts';
import { formatMoment, formatTime } from '../../chart/age.ts';
import { AskedController } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { RequestError } from '../../data/rest.ts';
import type { DataSource } from '../../data/source.ts';
import { icons } from '../../styles/icons.ts';
import { EditingPart } from '../alerts/edit/editing-part.ts';
import { Entered } from '../alerts/edit/inputs.ts';
import { describeRule } from './describe-rule.ts';
import type { TrialChosen } from './lab-result.ts';
import { FormFault, kindField, ruleFields, ruleOfForm, type Kind } from './rule-form.ts';
import { listStyles } from './rules.styles.ts';
import { boundOf, isBound, trialOfRule } from './trial.ts';

const pollMs = 60_000;
const pastMs = 86_400_000;
const path = '/v1/rules';
const opOf = (rule: NewRule): string => ('op' in rule ? rule.op : '>=');

/** All rules: how they fare, and a form in which one of any kind is made, changed and tried on the past. */
export class RuleList extends EditingPart {
  static override styles = [...EditingPart.styles, listStyles];

  /** Of a new one. */
  @state() private kind: Kind = 'threshold';
  @state() private tried:
    | { readonly rule: NewRule; readonly trials: readonly LabTrial[]; readonly at: number }
    | undefined;

  readonly #app = new LocaleController(this, appWords);
  readonly #rules = this.#list<{ readonly rules: readonly Rule[] }>(`${path}?limit=1000`);
  readonly #evaluations = this.#list<{ readonly evaluations: Readonly<Record<string, RuleEvaluation>> }>(
    '/v1/rule-evaluations',
  );
  readonly #files = this.#list<RuleFilesResponse>('/v1/rule-files');

  #list<T>(of: string): AskedController<T> {
    return new AskedController<T>(
      this,
      () => of,
      () => pollMs,
    );
  }

  protected override get source(): DataSource | undefined {
    return this.#rules.source;
  }

  /** Reads anew: a rule was made elsewhere. */
  override refresh(): void {
    this.#rules.refresh();
  }

  protected override edit(id: string): void {
    this.tried = undefined;
    super.edit(id);
  }

  get #now(): number {
    return this.source?.now() ?? Date.now();
  }

  override render(): TemplateResult {
    const { state: asked } = this.#rules;
    if (asked.kind !== 'ready') return html`${this.waiting(asked)}`;
    const { rules } = asked.value;
    const text = this.#app.words.rules;
    const { rule: words } = this.policies.words;
    const changed = rules.find(({ id }) => id === this.editing);
    return html`${this.status()} ${this.editor(words.new, words.change(changed?.name ?? ''), () => this.#form(changed))}
      <section class="card" aria-labelledby="all">
        <h2 id="all">${text.all(rules.length)}</h2>
        ${rules.length === 0 ? html`<p class="quiet">${text.none}</p>` : nothing}
        <ul>
          ${rules.map((rule) => this.#row(rule))}
        </ul>
      </section>
      ${this.#filesSection()}`;
  }

  #row(rule: Rule): TemplateResult {
    const text = this.#app.words.rules;
    return html`<li class=${rule.enabled ? '' : 'off'}>
      ${icons[rule.severity]}
      <span
        ><span class="name">${rule.name}</span>
        <span class="quiet"
          >${text.severities[rule.severity]}${rule.enabled ? '' : `, ${text.off}`}${this.#trial(rule)}</span
        ></span
      >
      <span class="actions">${this.editButtons(rule.id, rule.name, path)}</span>
      <code>${describeRule(rule)}</code>
      ${this.#health(rule)}
    </li>`;
  }

  /** Until when it tells nobody. */
  #trial({ shadowUntil }: Rule): string {
    if (shadowUntil === undefined || shadowUntil <= this.#now) return '';
    return `, ${this.#app.words.rules.shadowUntil(formatTime(shadowUntil, 'day', this.locale))}`;
  }

  #health({ id }: Rule): TemplateResult | typeof nothing {
    const { state: asked } = this.#evaluations;
    const evaluation = asked.kind === 'ready' ? asked.value.evaluations[id] : undefined;
    if (evaluation === undefined) return nothing;
    const { rule: words } = this.policies.words;
    const { health, lastError } = evaluation;
    return html`${health === 'err' ? html`<p class="wrong">${icons.warning}${words.failing(lastError)}</p>` : nothing}
    ${this.#late(evaluation)}`;
  }

  #late({ missed, missedAt }: Pick<RuleEvaluation, 'missed' | 'missedAt'>): TemplateResult | typeof nothing {
    if (missed === 0 || missedAt === undefined) return nothing;
    const text = this.policies.words.rule.late(missed, formatMoment(missedAt, this.#now, this.locale));
    return html`<p class="wrong">${icons.warning}${text}</p>`;
  }

  #filesSection(): TemplateResult | typeof nothing {
    const { state: asked } = this.#files;
    if (asked.kind !== 'ready' || asked.value.files.length === 0) return nothing;
    const { rule: words } = this.policies.words;
    return html`<section class="card" aria-labelledby="files">
      <h2 id="files">${words.files}</h2>
      <p class="quiet">${words.filesText}</p>
      ${asked.value.files.map(
        ({ name, groups }) =>
          html`<h3>${name}</h3>
            <ul>
              ${groups.map(
                (group) =>
                  html`<li class="group">
                    <span class="name">${words.group(group.name, group.rules)}</span>
                    ${
                      group.failing === 0
                        ? nothing
                        : html`<p class="wrong">${icons.warning}${words.groupFailing(group.failing)}</p>`
                    }
                    ${this.#late(group)}
                  </li>`,
              )}
            </ul>`,
      )}
    </section>`;
  }

  #form(rule: Rule | undefined): TemplateResult {
    const { words } = this.policies;
    const kind = rule?.kind ?? this.kind;
    const submit = (event: SubmitEvent): void => void this.#save(event, rule, kind);
    return html`<form @submit=${submit}>
        ${rule === undefined ? kindField(words, kind, (chosen) => (this.kind = chosen)) : nothing}
        ${ruleFields(words, rule, kind, this.#now)}
        <p class="form-buttons">
          <button class="button" type="button" @click=${(event: Event) => void this.#try(event, rule, kind)}>
            ${words.rule.try}
          </button>
        </p>
        ${this.formButtons()}
      </form>
      ${this.#result()}`;
  }

  #result(): TemplateResult | typeof nothing {
    if (this.tried === undefined) return nothing;
    const { rule, trials, at } = this.tried;
    return html`<tarsier-lab-result
      .trials=${trials}
      .op=${opOf(rule)}
      .value=${trials[at]?.value}
      @trial-chosen=${({ detail }: TrialChosen) => this.#slide(trials.indexOf(detail))}
    ></tarsier-lab-result>`;
  }

  /** The bound that the slider stands at is the rule's, once it is saved. */
  #slide(at: number): void {
    if (this.tried === undefined) return;
    this.tried = { ...this.tried, at };
    const field = this.renderRoot.querySelector<HTMLInputElement>('[name=value], [name=limit], [name=minScore]');
    const value = this.tried.trials[at]?.value;
    if (field !== null && value !== undefined) field.value = String(value);
  }

  async #save(event: SubmitEvent, rule: Rule | undefined, kind: Kind): Promise<void> {
    event.preventDefault();
    try {
      await this.submit(event, path, (entered) => ruleOfForm(this.policies.words, entered, rule, kind, this.#now));
    } catch (error) {
      if (!(error instanceof FormFault)) throw error;
      this.said = error.message;
      return;
    }
    if (this.editing === undefined) this.tried = undefined;
  }

  async #try(event: Event, before: Rule | undefined, kind: Kind): Promise<void> {
    const form = event.target instanceof HTMLElement ? event.target.closest('form') : null;
    const { source } = this;
    if (source === undefined || form === null || !form.reportValidity()) return;
    this.said = this.#app.words.rules.trying;
    try {
      // What is left out has its default, which the lab has as well.
      const rule = ruleOfForm(this.policies.words, new Entered(form), before, kind, this.#now) as NewRule;
      const { trials } = await source.api.send('POST', '/v1/rule-lab', trialOfRule(rule, source.now(), pastMs));
      const bound = boundOf(rule);
      const at = trials.findIndex((trial) => isBound(trial, bound));
      this.tried = { rule, trials, at: Math.max(0, at) };
      this.said = '';
    } catch (error) {
      if (error instanceof FormFault) this.said = error.message;
      else if (error instanceof RequestError) this.said = this.locale.words.failed(error.message);
      else throw error;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-rule-list': RuleList;
  }
}
