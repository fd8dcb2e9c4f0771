/** Pictures of a report: SVG of our own, that needs nothing else and prints. */

const width = 640;
const height = 160;
const room = { left: 52, right: 8, top: 16, bottom: 22 } as const;

/** For text between tags and in attributes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/gu, (character) => `&#${character.codePointAt(0)};`);
}

const round = (value: number): string => String(Math.round(10 * value) / 10);

function framed(
  title: string,
  most: number,
  labels: readonly string[],
  body: string,
  format: (value: number) => string,
): string {
  const inner = width - room.left - room.right;
  const base = height - room.bottom;
  const step = inner / Math.max(1, labels.length);
  const names = labels.map(
    (label, at) =>
      `<text x="${round(room.left + (at + 0.5) * step)}" y="${height - 6}" text-anchor="middle">${escapeText(label)}</text>`,
  );
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">` +
    `<line x1="${room.left}" y1="${base}" x2="${width - room.right}" y2="${base}" class="axis"/>` +
    `<text x="${room.left - 6}" y="${room.top + 8}" text-anchor="end">${escapeText(format(most))}</text>` +
    `<text x="${room.left - 6}" y="${base}" text-anchor="end">0</text>${body}${names.join('')}</svg>`
  );
}

/** A bar for each label; where there is nothing a thin line. */
export function bars(
  title: string,
  labels: readonly string[],
  values: readonly number[],
  format: (value: number) => string,
): string {
  const most = Math.max(...values, 1);
  const step = (width - room.left - room.right) / Math.max(1, values.length);
  const body = values.map((value, at) => {
    const tall = Math.max(0.5, ((height - room.top - room.bottom) * value) / most);
    const x = room.left + at * step + step * 0.15;
    return `<rect x="${round(x)}" y="${round(height - room.bottom - tall)}" width="${round(step * 0.7)}" height="${round(tall)}" class="bar"/><text x="${round(x + step * 0.35)}" y="${round(height - room.bottom - tall - 4)}" text-anchor="middle" class="value">${escapeText(format(value))}</text>`;
  });
  return framed(title, most, labels, body.join(''), format);
}

/** A line; gaps, NaN, are left out. */
export function line(
  title: string,
  labels: readonly string[],
  values: readonly number[],
  format: (value: number) => string,
): string {
  const known = values.filter(Number.isFinite);
  const most = Math.max(...known, Number.MIN_VALUE);
  const inner = width - room.left - room.right;
  let path = '';
  let isGap = true;
  for (const [at, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      isGap = true;
      continue;
    }
    const x = room.left + (inner * at) / Math.max(1, values.length - 1);
    const y = height - room.bottom - ((height - room.top - room.bottom) * value) / most;
    path += `${isGap ? 'M' : 'L'}${round(x)} ${round(y)}`;
    isGap = false;
  }
  return framed(title, most, labels, `<path d="${path}" class="line"/>`, format);
}
