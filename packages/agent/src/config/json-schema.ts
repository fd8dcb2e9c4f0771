/** The settings as JSON Schema: for editors, and to find what is not known. */
import type { Plugin } from '@tarsier/plugins';
import { z } from 'zod';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** What may be written for a schema, closed to names that it does not know. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      if (jsonSchema.properties !== undefined) jsonSchema.additionalProperties ??= false;
    },
  });
}

/**
 * The whole file's schema.
 *
 * @param settings  of the agent itself; @param plugins  whose options stand under `plugins`
 */
export function configJsonSchema(
  settings: z.ZodObject,
  plugins: readonly Pick<Plugin, 'name' | 'summary' | 'config'>[],
): JsonSchema {
  const options = plugins.map(({ name, summary, config }) => [
    name,
    z
      .union([z.boolean().describe('false leaves the plugin out.'), config])
      .optional()
      .describe(summary),
  ]);
  const { properties = {}, ...rest } = jsonSchemaOf(settings);
  const { properties: byName = {} } = jsonSchemaOf(z.object(Object.fromEntries(options)));
  const reference = { $ref: '#/$defs/plugins' };
  return {
    title: 'Tarsier agent',
    description: 'Settings of tarsier-agent: /etc/tarsier/agent.yaml.',
    ...rest,
    properties: {
      ...properties,
      plugins: {
        description: settings.shape['plugins']?.description,
        anyOf: [reference, { type: 'array', items: { anyOf: [{ type: 'string' }, reference] } }],
      },
    },
    $defs: {
      // Packages and paths are of plugins from outside, whose options are known only where they are.
      plugins: {
        type: 'object',
        properties: byName,
        patternProperties: { '^(?:@|[./]|tarsier-plugin-)': {} },
        additionalProperties: false,
      },
    },
  };
}

/** A name in the settings that the schema does not know, and those that it does. */
export interface UnknownName {
  readonly path: readonly (string | number)[];
  readonly known: readonly string[];
}

/** Goes through what a plain schema would take and silently leave out. */
export function unknownNames(
  schema: JsonSchema | boolean | undefined,
  value: unknown,
  path: readonly (string | number)[] = [],
): UnknownName[] {
  if (typeof schema !== 'object' || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    const { items } = schema;
    if (Array.isArray(items)) return [];
    return value.flatMap((one, index) => unknownNames(items, one, [...path, index]));
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    const found = choices.flatMap((one) =>
      typeof one === 'object' && one.type === 'object' ? [unknownNames(one, value, path)] : [],
    );
    // What is wrong with every one of them, the schema itself objects to.
    return found.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
  const { properties, additionalProperties } = schema;
  return Object.entries(value).flatMap(([name, one]) => {
    const property = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property !== undefined) return unknownNames(property, one, [...path, name]);
    if (additionalProperties === false) return [{ path: [...path, name], known: Object.keys(properties ?? {}) }];
    return unknownNames(additionalProperties, one, [...path, name]);
  });
}
