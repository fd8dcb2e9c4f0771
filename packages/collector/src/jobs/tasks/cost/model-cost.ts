/** What calls of models cost, and what of that is waste: by agent and model, from counted tokens and the price table. */
import { formatUsd, priceOf, type Nanos } from '@tarsier/protocol';
import type { ModelPrice } from '@tarsier/protocol/api';
import type { Finding } from './finding.ts';
import { costOf, million, priceFor, type TokenPrice, type Tokens } from './model-price.ts';

/** Of one agent with one model, in the time that is looked at. Whole numbers. */
export interface ModelUse {
  readonly agent: string;
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  readonly failed: number;
  readonly tokens: Tokens;
  /** How right the model was, 0 to 1, where its tests or users tell. */
  readonly accuracy?: number;
}

export interface ModelReport {
  /** Of the time that is looked at. */
  readonly cost: Nanos;
  readonly findings: readonly Finding[];
  /** Models that the price table does not have: their cost is not known, and not counted as 0. */
  readonly unpriced: readonly string[];
}

interface Priced extends ModelUse {
  readonly price: TokenPrice;
  readonly cost: Nanos;
}

/** A saving of less, of what the agent's calls cost, is not worth a change. */
const worthwhile = 0.05;
/** How sure savings are that rest on a comparison with other agents, or on what failed calls may have read. */
const sureness = { otherAgents: 0.5, failedCalls: 0.6, contexts: 0.3, asAccurate: 0.8 } as const;
/** A cheaper model is as good when it is less accurate by no more than this. */
const asGood = 0.01;
const fewAgents = 3;

/** @param monthShare  of a month that was looked at */
export function modelReport(uses: readonly ModelUse[], table: readonly ModelPrice[], monthShare: number): ModelReport {
  const priced: Priced[] = [];
  const unpriced = new Set<string>();
  for (const use of uses) {
    const price = priceFor(table, use);
    if (price === undefined) unpriced.add(`${use.provider}/${use.model}`);
    else priced.push({ ...use, price, cost: costOf(use.tokens, price) });
  }
  const aMonth = (nanos: Nanos): Nanos => Math.round(nanos / monthShare);
  const findings = priced.flatMap((use) => {
    const others = priced.filter((one) => one !== use && one.model === use.model && one.provider === use.provider);
    const found = [uncached(use, others), failedCalls(use), longContext(use, others), dearModel(use, priced)];
    return found.flatMap((finding) =>
      finding === undefined || finding.saving < use.cost * worthwhile
        ? []
        : [{ ...finding, monthly: aMonth(use.cost), saving: aMonth(finding.saving) }],
    );
  });
  return { cost: priced.reduce((sum, { cost }) => sum + cost, 0), findings, unpriced: [...unpriced] };
}

function uncached(use: Priced, others: readonly Priced[]): Finding | undefined {
  const hitRatio = ({ tokens }: ModelUse): number => tokens.cached / Math.max(1, readOf(tokens));
  const best = others.toSorted((a, b) => hitRatio(b) - hitRatio(a))[0];
  if (best === undefined || hitRatio(best) <= hitRatio(use)) return undefined;
  const moved = Math.floor(readOf(use.tokens) * hitRatio(best)) - use.tokens.cached;
  const fromInput = Math.min(moved, use.tokens.input);
  const saving = priceOf(fromInput, use.price.input, million) - priceOf(fromInput, use.price.cached, million);
  return {
    ...subjectOf(use),
    kind: 'uncached-prompts',
    advice: `Let it reuse the beginnings of its prompts, as ${best.agent} does with the same model.`,
    saving,
    confidence: sureness.otherAgents,
    arithmetic: `${fromInput} tokens x (${formatUsd(use.price.input)} - ${formatUsd(use.price.cached)}) USD a million = ${formatUsd(saving)} USD`,
    evidence: `${percent(hitRatio(use))} of what it reads comes from a cache, of ${best.agent} ${percent(hitRatio(best))}`,
  };
}

function failedCalls(use: Priced): Finding | undefined {
  if (use.failed === 0 || use.calls === 0) return undefined;
  const read = priceOf(use.tokens.input, use.price.input, million);
  const saving = Math.floor((read * use.failed) / use.calls);
  return {
    ...subjectOf(use),
    kind: 'failed-calls',
    advice: 'Find out why calls fail, and wait longer between tries: what failed calls read is paid for.',
    saving,
    confidence: sureness.failedCalls,
    arithmetic: `${formatUsd(read)} USD of uncached input x ${use.failed} of ${use.calls} calls = ${formatUsd(saving)} USD`,
    evidence: `${percent(use.failed / use.calls)} of its calls failed; that they read as much as others is assumed`,
  };
}

function longContext(use: Priced, others: readonly Priced[]): Finding | undefined {
  const perCall = ({ tokens, calls }: ModelUse): number => readOf(tokens) / Math.max(1, calls);
  if (others.length + 1 < fewAgents || use.calls === 0) return undefined;
  const sorted = others.map(perCall).toSorted((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 0;
  if (perCall(use) <= 2 * usual) return undefined;
  const less = Math.min(use.tokens.input, Math.floor(readOf(use.tokens) - usual * use.calls));
  const saving = priceOf(less, use.price.input, million);
  return {
    ...subjectOf(use),
    kind: 'long-context',
    advice: 'Send it less at once: summarise what came before, or look up only what is asked for.',
    saving,
    confidence: sureness.contexts,
    arithmetic: `${less} tokens x ${formatUsd(use.price.input)} USD a million = ${formatUsd(saving)} USD`,
    evidence: `a call reads ${Math.round(perCall(use))} tokens, of other agents with this model ${Math.round(usual)}`,
  };
}

/** Only among models that the tenant uses and knows the accuracy of: a cheaper one that is untried is no saving. */
function dearModel(use: Priced, all: readonly Priced[]): Finding | undefined {
  const { accuracy } = use;
  if (accuracy === undefined) return undefined;
  const cheaper = all
    .filter((one) => one.model !== use.model && one.accuracy !== undefined && one.accuracy >= accuracy - asGood)
    .map((one) => ({ model: one.model, accuracy: one.accuracy ?? 0, cost: costOf(use.tokens, one.price) }))
    .toSorted((a, b) => a.cost - b.cost)[0];
  if (cheaper === undefined || cheaper.cost >= use.cost) return undefined;
  const saving = use.cost - cheaper.cost;
  return {
    ...subjectOf(use),
    kind: 'dear-model',
    advice: `Try ${cheaper.model}: it is as accurate, and costs less.`,
    saving,
    confidence: sureness.asAccurate,
    arithmetic: `the same tokens: ${formatUsd(use.cost)} - ${formatUsd(cheaper.cost)} = ${formatUsd(saving)} USD`,
    evidence: `accuracy ${accuracy.toFixed(3)}, of ${cheaper.model} ${cheaper.accuracy.toFixed(3)}`,
  };
}

const readOf = ({ input, cached, cacheWrite }: ModelUse['tokens']): number => input + cached + cacheWrite;
const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;
const subjectOf = (use: Priced) => ({ subject: `${use.agent} with ${use.model}`, monthly: use.cost });
