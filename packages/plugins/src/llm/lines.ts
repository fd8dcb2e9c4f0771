/** One JSON object per call, and per measurement of a model's quality. */
import { z } from 'zod';
import { durationOf } from '../calls/durations.ts';
import { takeObjects } from '../calls/json-objects.ts';
import type { TakenLines } from '../doors/line-door.ts';
import type { PushedSeriesStore, PushRefusal } from '../doors/pushed-series.ts';
import { tokenCounts } from './call.ts';
import type { Ledger } from './ledger.ts';
import { callDuration, llmMetrics } from './metrics.ts';

const name = z.string().max(1_000);
const count = z.int('expected a whole number').min(0).max(1e12);
const duration = z.number().min(0).max(1e6);

const callLine = z
  .strictObject({
    model: name.default(''),
    provider: name.default(''),
    agent: name.default(''),
    tool: name.default(''),
    operation: name.default(''),
    input_tokens: count.default(0),
    output_tokens: count.default(0),
    cached_tokens: count.default(0),
    cache_write_tokens: count.default(0),
    duration_seconds: duration.optional(),
    error: name.default(''),
  })
  .refine(({ model, tool }) => model !== '' || tool !== '', { error: 'expected a model, or a tool' })
  .refine((call) => call.cached_tokens + call.cache_write_tokens <= call.input_tokens, {
    path: ['cached_tokens'],
    error: 'expected cached tokens to be among input_tokens',
  });

/** @param counted  counts a refusal, and returns it */
export function takeCallLines(
  ledger: Ledger,
  text: string,
  counted: (refused: PushRefusal | undefined) => PushRefusal | undefined,
): TakenLines {
  return takeObjects(text, callLine, (call) => {
    const { model, tool, agent, error, duration_seconds: seconds } = call;
    return counted(
      model === ''
        ? ledger.tool({ agent, tool, error, seconds })
        : ledger.calls({
            provider: call.provider,
            model,
            answeringModel: '',
            agent,
            tool,
            operation: call.operation,
            count: 1,
            error,
            tokens: tokenCounts(call.input_tokens, call.cached_tokens, call.cache_write_tokens, call.output_tokens),
            durations: seconds === undefined ? undefined : durationOf(seconds, callDuration),
          }),
    );
  });
}

const qualityLine = z
  .strictObject({
    model: name.min(1),
    run: name.default(''),
    split: name.default(''),
    accuracy: z.number().min(0).max(1).optional(),
    loss: z.number().optional(),
    step: z.number().min(0).optional(),
  })
  .refine(({ accuracy, loss, step }) => accuracy !== undefined || loss !== undefined || step !== undefined, {
    error: 'expected accuracy, loss or step',
  });

export function takeQualityLines(store: PushedSeriesStore, text: string): TakenLines {
  return takeObjects(text, qualityLine, ({ model, run, split, accuracy, loss, step }) => {
    const labels = { model, run, split };
    const values = { model_accuracy_ratio: accuracy, model_loss: loss, model_step: step } as const;
    for (const metric of ['model_accuracy_ratio', 'model_loss', 'model_step'] as const) {
      const value = values[metric];
      if (value === undefined) continue;
      const series = store.of({ name: metric, ...llmMetrics[metric] }, labels);
      if (typeof series === 'string') return series;
      series.value = value;
    }
    return undefined;
  });
}
