import { z } from 'zod';
import type { Plugin } from './plugin.ts';

const begin = '<!-- generated: begin -->';
const end = '<!-- generated: end -->';

/** The tables of a plugin's README, from its config schema and metrics table. */
export function generatedTables({ config, metrics, intervalMs }: Plugin): string {
  const options = Object.entries(config.shape).flatMap(([name, field]) =>
    optionRows(name, z.toJSONSchema(field, { io: 'input' })),
  );
  const rows = Object.entries(metrics).map(
    ([name, { kind, unit, help }]) => `| \`${name}\` | ${kind} | ${unit} | ${help} |`,
  );
  return [
    begin,
    options.some((row) => row.includes('intervalSeconds`'))
      ? 'Measured each at its own interval.'
      : intervalMs === 0
        ? 'Measured at each tick of the agent: every second by default.'
        : `Measured every ${intervalMs / 1000} s.`,
    ...(options.length === 0
      ? ['There is nothing to set.']
      : [['| option | default | meaning |', '|---|---|---|', ...options].join('\n')]),
    ['| metric | kind | unit | meaning |', '|---|---|---|---|', ...rows].join('\n'),
    end,
  ].join('\n\n');
}

type OptionSchema = z.core.JSONSchema.BaseSchema;

/** An option's row, and those of what each of its elements has. */
function optionRows(name: string, { description = '', default: fallback, items }: OptionSchema): string[] {
  const shown = fallback === undefined ? undefined : JSON.stringify(fallback);
  const cell =
    shown === undefined ? 'required' : shown.length > 60 ? 'see the source' : `\`${shown.replaceAll('|', '\\|')}\``;
  const fields = typeof items === 'object' && !Array.isArray(items) ? (items.properties ?? {}) : {};
  return [
    `| \`${name}\` | ${cell} | ${description.replaceAll('|', '\\|')} |`,
    ...Object.entries(fields).flatMap(([field, schema]) =>
      typeof schema === 'object' ? optionRows(`${name}[].${field}`, schema) : [],
    ),
  ];
}

/** @returns undefined when the README has no place for the tables */
export function withTables(readme: string, plugin: Plugin): string | undefined {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) return undefined;
  return readme.slice(0, from) + generatedTables(plugin) + readme.slice(to + end.length);
}
