import { errorMeanings } from '@tarsier/protocol';

/** docs/errors.md. */
export function errorsPage(): string {
  const rows = Object.entries(errorMeanings)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { status, title, remedy }]) => ['`' + code + '`', String(status ?? ''), title, remedy]);
  const table = [['code', 'status', 'what it means', 'what to do'], ...rows].map((row) => row.map(escapeCell));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [header = [], ...body] = table.map(line);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return `# Errors

A refusal or failure under \`/v1\` is \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): \`type\`, \`title\`, \`status\`, \`detail\` (what came, and what was expected), \`code\` (below; it does not change), \`field\` where one is to blame, \`limit\` where one is reached, \`retryable\`, and \`requestId\`, which the answer's \`x-request-id\` and the log have, too. Other doors answer as their protocols want: [doors.md](doors.md).

Codes without a status are of commands and of the start. This page is made of \`packages/protocol/src/error-meanings.ts\`: \`pnpm generate\`.

${String(header)}
${rule}
${body.join('\n')}
`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
