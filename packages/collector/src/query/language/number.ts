/** A number as the lexer found it: decimal, hexadecimal, octal with a leading zero, `Inf`, `NaN`, digits grouped by `_`. */
export function parseNumber(text: string): number | undefined {
  const plain = text.toLowerCase();
  if (plain === 'inf' || plain === '+inf') return Infinity;
  if (plain === '-inf') return -Infinity;
  if (plain === 'nan') return Number.NaN;
  if (/__|_$|_[.e]|[.e]_/u.test(plain)) return undefined;
  const digits = plain.replaceAll('_', '');
  if (/^0x[0-9a-f]+$/u.test(digits)) return Number(digits);
  if (/^0[0-7]+$/u.test(digits)) return Number.parseInt(digits, 8);
  return /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/u.test(digits) ? Number(digits) : undefined;
}

/** As Prometheus writes a value in JSON: shortest, `+Inf`, exponents of two digits from 1e21 and below 1e-6. */
export function formatValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-6 && magnitude < 1e21) return String(value);
  return String(value).replace(/e([+-])(\d)$/u, 'e$10$2');
}

/** Shortest, but never with an exponent: what `count_values` puts into a label. */
export function formatPlain(value: number): string {
  const text = formatValue(value);
  const [, sign = '', whole = '', fraction = '', exponent = ''] = /^(-?)(\d+)\.?(\d*)e([+-]\d+)$/u.exec(text) ?? [];
  if (exponent === '') return text;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}

/** As Go's `%g`: exponents from 1e21 and below 1e-4. */
export function formatShort(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0 || !Number.isFinite(value) || magnitude >= 1e-4) return formatValue(value);
  return value.toExponential().replace(/e([+-])(\d)$/u, 'e$10$2');
}
