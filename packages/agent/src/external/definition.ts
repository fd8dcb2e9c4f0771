/** What a plugin from outside says of itself: from JavaScript anything may come. */
import { isPluginName, pluginNameRule, type Plugin } from '@tarsier/plugins';
import { describeIssue, isMetricName, metricKinds } from '@tarsier/protocol';
import { z } from 'zod';

/** What can not be shipped otherwise. */
const definition = z.object({
  metrics: z.record(
    z.string().refine(isMetricName, 'expected the name of a metric: [a-zA-Z_:][a-zA-Z0-9_:]*'),
    z.object({ kind: z.enum(metricKinds) }),
  ),
});

/** What is measured all the same: a plugin that worked should not stop an agent at its next start. */
const advice = z.object({
  name: z.string().refine(isPluginName, `expected ${pluginNameRule}`),
  metrics: z.record(z.string(), z.object({ unit: z.string().optional(), help: z.string().optional() })),
});

/** @returns what of it can not be, by its field, what was expected and what came; undefined where all is well */
export function definitionFault(plugin: Plugin): string | undefined {
  return objectionOf(definition, plugin);
}

/** As {@link definitionFault}, of what should be otherwise but does no harm. */
export function definitionAdvice(plugin: Plugin): string | undefined {
  return objectionOf(advice, plugin);
}

function objectionOf(schema: z.ZodType, plugin: Plugin): string | undefined {
  const { error } = schema.safeParse(plugin);
  return error && describeIssue(error, plugin, 'plugin').message;
}
