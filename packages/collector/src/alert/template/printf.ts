import { formatValue } from '../../query/language/number.ts';
import { general } from './humanize.ts';
import { show, showNumber, type Value } from './value.ts';

/** Go's `fmt.Sprintf`: `%v %s %q %d %f %e %g %x %t %c %%`, with flags `-+ 0#`, width and precision. */
export function sprintf(format: string, values: readonly Value[]): string {
  let next = 0;
  const text = format.replaceAll(
    /%(?<flags>[-+ 0#]*)(?<width>\d+)?(?:\.(?<precision>\d*))?(?<verb>[\s\S])/gu,
    (...match: unknown[]) => {
      // `replaceAll` gives the named groups last.
      const { flags, width, precision, verb } = match.at(-1) as Record<
        'flags' | 'width' | 'precision' | 'verb',
        string | undefined
      >;
      if (verb === '%') return '%';
      if (next >= values.length) return `%!${verb ?? ''}(MISSING)`;
      const digits = precision === undefined ? undefined : Number(precision === '' ? 0 : precision);
      const shown = one(verb ?? '', values[next++], digits);
      return pad(signed(shown, flags ?? ''), flags ?? '', Number(width ?? 0));
    },
  );
  const extra = values.slice(next).map((value) => `${typeof value}=${show(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

function one(verb: string, value: Value, digits: number | undefined): string {
  const wrong = (): string => `%!${verb}(${typeof value === 'number' ? 'float64' : typeof value}=${show(value)})`;
  switch (verb) {
    case 'v':
      return typeof value === 'number' && digits !== undefined ? general(value, Math.max(1, digits)) : show(value);
    case 's':
      return typeof value === 'number' ? wrong() : show(value).slice(0, digits);
    case 'q':
      return JSON.stringify(show(value));
    case 't':
      return typeof value === 'boolean' ? String(value) : wrong();
    case 'f':
    case 'F':
      if (typeof value !== 'number') return wrong();
      return Number.isFinite(value) ? value.toFixed(Math.min(digits ?? 6, 100)) : formatValue(value);
    case 'e':
      return typeof value === 'number'
        ? value.toExponential(Math.min(digits ?? 6, 100)).replace(/e([+-])(\d)$/u, 'e$10$2')
        : wrong();
    case 'g':
      if (typeof value !== 'number') return wrong();
      return digits === undefined ? showNumber(value) : general(value, Math.max(1, digits));
    case 'd':
      return typeof value === 'number' && Number.isInteger(value) ? String(value) : wrong();
    case 'x':
      return typeof value === 'number' && Number.isInteger(value) ? value.toString(16) : wrong();
    default:
      return wrong();
  }
}

function signed(text: string, flags: string): string {
  if (!/^[\d.]/u.test(text)) return text;
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function pad(text: string, flags: string, width: number): string {
  const wanted = Math.min(width, 1_000);
  if (flags.includes('-')) return text.padEnd(wanted);
  if (!flags.includes('0') || !/^[+-]?[\d.]+$/u.test(text)) return text.padStart(wanted);
  const [, sign = '', digits = ''] = /^([+-]?)([\s\S]*)$/u.exec(text) ?? [];
  return `${sign}${digits.padStart(wanted - sign.length, '0')}`;
}
