/** What commands print for people. */
import type { UnixMs } from '@tarsier/protocol';

/** UTC: `2026-11-30 09:15`. */
export function minuteText(at: UnixMs): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}

/**
 * A line for each row, columns one below the other.
 *
 * @param indent  before each line
 * @param numbers  places of columns that end at the right
 */
export function textTable(
  rows: readonly (readonly string[])[],
  { indent = '', numbers = [] }: { readonly indent?: string; readonly numbers?: readonly number[] } = {},
): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const padded = (cell: string, column: number): string =>
    numbers.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.map((row) => `${indent}${row.map(padded).join('  ').trimEnd()}\n`).join('');
}
