/** The form in which a rule of any kind is changed; what is in it is read when it is sent. */
import type { NewRuleInput, Rule } from '@tarsier/protocol/api';
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { durationText, parseDuration } from '../../data/time-range.ts';
import type { PolicyWords } from '../../i18n/policies/en.ts';
import { area, check, input, select, type Entered, type InputOptions, type Option } from '../alerts/edit/inputs.ts';
import { conditionText, parseCondition } from './condition-text.ts';
import { shadowMs } from './trial.ts';

export type Kind = Rule['kind'];
export const kinds = ['threshold', 'expression', 'anomaly', 'no-data', 'forecast', 'composite'] as const;

const severities = ['info', 'warning', 'critical', 'page'] as const;
const hourMs = 3_600_000;

/** What a new rule of each kind begins with; the collector's defaults. */
const fresh: { readonly [K in Kind]: Omit<Extract<Rule, { kind: K }>, 'id' | 'name' | 'enabled'> } = {
  threshold: {
    kind: 'threshold',
    ...{ severity: 'warning', selector: '', op: '>', value: Number.NaN, forMs: 60_000, keepFiringMs: 0 },
    reduce: 'value',
  },
  expression: { kind: 'expression', severity: 'warning', expr: '', forMs: 0, keepFiringMs: 0, everyMs: 60_000 },
  anomaly: { kind: 'anomaly', severity: 'warning', selector: '', minScore: 4, forMs: 0 },
  'no-data': {
    kind: 'no-data',
    ...{ severity: 'critical', selector: '{__name__=~".+"}', of: 'host', forMs: 60_000, forgetMs: 24 * hourMs },
  },
  forecast: {
    kind: 'forecast',
    ...{ severity: 'warning', selector: '', op: '>', limit: Number.NaN, horizonMs: 4 * hourMs, confidence: 0.9 },
    ...{ forMs: 0, keepFiringMs: 0, everyMs: 300_000 },
  },
  composite: {
    kind: 'composite',
    ...{ severity: 'critical', condition: { all: [] }, by: ['host'], forMs: 0, keepFiringMs: 0 },
  },
};

/** Durations as one types them; nothing, or 0, is none. */
function duration(name: string, label: string, ms: number | undefined, options: InputOptions = {}): TemplateResult {
  const value = ms === undefined ? '' : ms === 0 ? '0' : durationText(ms);
  return input(name, label, { value, pattern: String.raw`0|\s*\d+\s*[smhdw]\s*`, optional: true, ...options });
}

function number(name: string, label: string, value: number | undefined, options: InputOptions = {}): TemplateResult {
  const shown = value === undefined || Number.isNaN(value) ? '' : value;
  return input(name, label, { type: 'number', step: 'any', value: shown, ...options });
}

/** @param kind  of a new one */
export function ruleFields(words: PolicyWords, rule: Rule | undefined, kind: Kind, now: number): TemplateResult {
  const text = words.rule;
  const at: Rule = rule ?? { ...fresh[kind], id: '', name: '', enabled: true };
  const isOnTrial = at.shadowUntil !== undefined && at.shadowUntil > now;
  return html`${input('name', words.name, { value: at.name })}
  ${select(
    'severity',
    words.route.severity,
    severities.map((one): Option => [one, words.severities[one]]),
    at.severity,
  )}
  ${ownFields(words, at)} ${duration('forMs', text.hold, at.forMs)}
  ${input('runbookUrl', text.runbook, { value: at.runbookUrl, optional: true })}
  ${check('enabled', text.enabled, at.enabled)} ${check('shadow', text.shadow, isOnTrial)}`;
}

function ownFields(words: PolicyWords, rule: Rule): TemplateResult {
  const text = words.rule;
  const ops = (some: readonly string[], chosen: string): TemplateResult =>
    select(
      'op',
      text.op,
      some.map((op): Option => [op, op]),
      chosen,
    );
  switch (rule.kind) {
    case 'threshold':
      return html`${input('selector', text.selector, { value: rule.selector, help: text.selectorHelp })}
        ${select(
          'reduce',
          text.reduce,
          [
            ['value', text.reduces.value],
            ['rate', text.reduces.rate],
          ],
          rule.reduce,
        )}
        <div class="beside">
          ${ops(['>', '>=', '<', '<='], rule.op)} ${number('value', text.value, rule.value)}
          ${number('clear', text.clear, rule.clear, { optional: true })}
        </div>
        ${duration('keepFiringMs', text.keepFiring, rule.keepFiringMs)}`;
    case 'expression':
      return html`${area('expr', text.expr, rule.expr, undefined, true)}
      ${area('clearExpr', text.clearExpr, rule.clearExpr ?? '')} ${periodic(words, rule)}`;
    case 'anomaly':
      return html`${input('selector', text.selector, { value: rule.selector, help: text.selectorHelp })}
      ${number('minScore', text.minScore, rule.minScore)}
      ${input('detector', text.detector, { value: rule.detector, optional: true })}`;
    case 'no-data':
      return html`${input('selector', text.selector, { value: rule.selector, help: text.selectorHelp })}
      ${select(
        'of',
        text.of,
        [
          ['host', text.ofs.host],
          ['series', text.ofs.series],
        ],
        rule.of,
      )}
      ${duration('forgetMs', text.forget, rule.forgetMs, { optional: false })}`;
    case 'forecast':
      return html`${input('selector', text.selector, { value: rule.selector, help: text.selectorHelp })}
        <div class="beside">
          ${ops(['>', '<'], rule.op)} ${number('limit', text.limit, rule.limit)}
          ${duration('horizonMs', text.horizon, rule.horizonMs, { optional: false })}
        </div>
        <div class="beside">
          ${number('confidence', text.confidence, percent(rule.confidence), { min: 50, max: 99 })}
          ${number('clearConfidence', text.clearConfidence, rule.clearConfidence && percent(rule.clearConfidence), {
            ...{ min: 1, max: 99, optional: true },
          })}
        </div>
        ${periodic(words, rule)}`;
    case 'composite': {
      const value = rule.id === '' ? '' : conditionText(rule.condition);
      return html`${area('condition', text.condition, value, text.conditionHelp, true)}
      ${input('by', text.by, { value: rule.by.join(', '), optional: true })}
      ${duration('keepFiringMs', text.keepFiring, rule.keepFiringMs)}`;
    }
  }
}

function periodic(
  { rule: text }: PolicyWords,
  { everyMs, keepFiringMs }: { readonly everyMs: number; readonly keepFiringMs: number },
): TemplateResult {
  return html`${duration('everyMs', text.every, everyMs, { optional: false })}
  ${duration('keepFiringMs', text.keepFiring, keepFiringMs)}`;
}

const percent = (share: number): number => Math.round(share * 1_000) / 10;

/** Something in the form can not be read. */
export class FormFault extends Error {}

/**
 * @param before  what the form does not show stays as it was
 * @throws {FormFault} when a condition can not be read
 */
export function ruleOfForm(
  words: PolicyWords,
  entered: Entered,
  before: Rule | undefined,
  kind: Kind,
  now: number,
): NewRuleInput {
  const ms = (name: string): number => parseDuration(entered.text(name)) ?? 0;
  const some = <T>(name: string, value: T): Record<string, T> => (entered.text(name) === '' ? {} : { [name]: value });
  const keepFiringMs = ms('keepFiringMs');
  const isOnTrial = (before?.shadowUntil ?? 0) > now;
  const shadowUntil = isOnTrial ? before?.shadowUntil : now + shadowMs;
  const op = entered.text('op');
  const common = {
    ...{ name: entered.text('name'), severity: entered.text('severity'), enabled: entered.has('enabled') },
    ...{ forMs: ms('forMs'), ...some('runbookUrl', entered.text('runbookUrl')) },
    ...(entered.has('shadow') ? { shadowUntil } : {}),
  };
  const selector = entered.text('selector');
  const own = (): object => {
    switch (kind) {
      case 'threshold':
        return {
          ...{ selector, op, value: entered.number('value'), reduce: entered.text('reduce'), keepFiringMs },
          ...some('clear', entered.number('clear')),
        };
      case 'expression':
        return {
          ...{ expr: entered.text('expr'), everyMs: ms('everyMs'), keepFiringMs },
          ...some('clearExpr', entered.text('clearExpr')),
        };
      case 'anomaly':
        return {
          ...{ selector, minScore: entered.number('minScore') },
          ...some('detector', entered.text('detector')),
        };
      case 'no-data':
        return { selector, of: entered.text('of'), forgetMs: ms('forgetMs') };
      case 'forecast':
        return {
          ...{ selector, op, limit: entered.number('limit'), horizonMs: ms('horizonMs') },
          ...{ confidence: entered.number('confidence') / 100, everyMs: ms('everyMs'), keepFiringMs },
          ...some('clearConfidence', entered.number('clearConfidence') / 100),
          ...(before?.kind === 'forecast' ? kept(before) : {}),
        };
      case 'composite': {
        const condition = parseCondition(entered.text('condition'));
        if (condition === undefined) throw new FormFault(words.rule.noCondition);
        return { condition, by: entered.parts('by', ','), keepFiringMs };
      }
    }
  };
  // The collector says what is not right: each field by its name.
  return { kind, ...common, ...own() } as NewRuleInput;
}

/** Of a forecast's past, which the form does not show. */
function kept({ stepMs, historyMs }: Extract<Rule, { kind: 'forecast' }>): object {
  return { ...(stepMs === undefined ? {} : { stepMs }), ...(historyMs === undefined ? {} : { historyMs }) };
}

/** A rule that is there stays of its kind. */
export function kindField(words: PolicyWords, kind: Kind, choose: (kind: Kind) => void): TemplateResult {
  return select(
    'kind',
    words.channel.kind,
    kinds.map((one): Option => [one, words.rule.kinds[one]]),
    kind,
    (value) => choose(kinds.find((one) => one === value) ?? 'threshold'),
  );
}
