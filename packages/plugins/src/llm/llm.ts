import { z } from 'zod';
import { openCallDoors } from '../calls/call-doors.ts';
import { callIdleSetting, callSeriesSetting, toldApartSetting } from '../calls/settings.ts';
import { listenSetting, nowhere } from '../doors/address.ts';
import { createPushedSeries } from '../doors/pushed-series.ts';
import { floodSetting } from '../doors/settings.ts';
import { definePlugin } from '../plugin.ts';
import { genAiMetricTells, isGenAiSpan, takeIncrease, takeSpan } from './gen-ai.ts';
import { createLedger } from './ledger.ts';
import { takeCallLines, takeQualityLines } from './lines.ts';
import { allMetrics } from './metrics.ts';
import { createPrices, priceSetting } from './prices.ts';

/** Calls of AI models by agents and applications: how many, how long, how many tokens, what they cost. */
export const llm = definePlugin({
  name: 'llm',
  summary: 'Calls of AI models by agents and applications: errors, times, tokens, cost, and the quality of models.',
  maxSeries: 5_000,
  config: z.object({
    listen: listenSetting('Where to take OTLP and JSON lines over HTTP, as 127.0.0.1:4318; nowhere when empty.'),
    prices: z.array(priceSetting).max(1_000).default([]).describe('Prices of tokens; the first that fits counts.'),
    budgets: z
      .array(
        z.strictObject({
          agent: z.string().min(1).max(200).describe('Name of the agent.'),
          usdPerDay: z.number().min(0).describe('USD that it may spend in 24 hours.'),
        }),
      )
      .max(1_000)
      .default([])
      .describe('What agents may spend; rules of the collector watch it.'),
    maxModels: toldApartSetting(50, 'Models'),
    maxAgents: toldApartSetting(50, 'Agents'),
    maxTools: toldApartSetting(100, 'Tools'),
    maxSeries: callSeriesSetting,
    maxLinesPerSecond: floodSetting,
    idleSeconds: callIdleSetting,
  }),
  metrics: allMetrics,
  probe: ({ config }) => nowhere(config.listen),
  create({ config, host, warn }) {
    const now = (): number => host.now();
    const store = createPushedSeries({
      maxSeries: config.maxSeries,
      idleMs: config.idleSeconds * 1000,
      now,
      warn,
      countsFromZero: true,
    });
    const ledger = createLedger({ store, findPrice: createPrices(config.prices), limits: config, now });
    const doors = openCallDoors({
      host,
      plugin: 'llm',
      listen: config.listen,
      maxLinesPerSecond: config.maxLinesPerSecond,
      droppedMetric: 'llm_dropped_calls_total',
      // They know tools and caches, which the metrics do not.
      preferred: 'spans',
      isSpan: isGenAiSpan,
      takeSpan: (span) => takeSpan(ledger, span),
      metricTells: genAiMetricTells,
      takeIncrease: (told) => takeIncrease(ledger, told),
      routes: (counted) => ({
        '/v1/llm': (text) => takeCallLines(ledger, text, counted),
        '/v1/models': (text) => takeQualityLines(store, text),
      }),
    });

    return {
      async scrape(out) {
        await doors.listening();
        store.put(out);
        ledger.put(out);
        for (const { agent, usdPerDay } of config.budgets) out.gauge('llm_daily_budget_usd', usdPerDay, { agent });
        doors.put(out);
      },
      close: () => doors.close(),
    };
  },
});
