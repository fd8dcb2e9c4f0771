import { durationMs, parseDuration, type Duration, type DurationOperator } from './duration.ts';
import { parseNumber } from './number.ts';
import { parseError } from './query-error.ts';
import type { TokenReader } from './token-reader.ts';

/** Longest duration, ms: what Prometheus can hold in nanoseconds. */
const maxMs = 9.2e15;

/** Most operators, signs and parentheses of one duration. */
const maxParts = 100;

const precedence: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 };
const signPrecedence = 3;

/** Lengths of time in ranges, subqueries and offsets: `5m`, `300`, `step() * 2`. */
export class DurationParser {
  readonly #reader: TokenReader;
  #parts = 0;

  constructor(reader: TokenReader) {
    this.#reader = reader;
  }

  /** In brackets. */
  positive(): Duration {
    const { span } = this.#reader.current;
    this.#parts = 0;
    const duration = this.#expression(0);
    if (isConstant(duration)) {
      const ms = durationMs(duration, { stepMs: 0, rangeMs: 0 });
      if (!(ms > 0)) throw parseError(this.#reader.text, span, 'duration must be greater than 0');
      if (ms > maxMs) throw parseError(this.#reader.text, span, 'duration out of range');
    }
    return duration;
  }

  /** After `offset`: one term, with a sign or in parentheses; more belongs to the expression around it. */
  offset(): Duration {
    const { span } = this.#reader.current;
    this.#parts = 0;
    const duration = this.#term();
    if (isConstant(duration) && Math.abs(durationMs(duration, { stepMs: 0, rangeMs: 0 })) > maxMs) {
      throw parseError(this.#reader.text, span, 'duration out of range');
    }
    return duration;
  }

  literalMs(): number {
    const { text } = this.#reader.current;
    const ms = parseDuration(text);
    if (ms === undefined) throw this.#reader.error(`not a valid duration string: ${JSON.stringify(text)}`);
    if (ms > maxMs) throw this.#reader.error('duration out of range');
    this.#reader.next();
    return ms;
  }

  #expression(least: number): Duration {
    let left = this.#unary();
    for (;;) {
      const { kind, text } = this.#reader.current;
      const strength = kind === 'sign' ? precedence[text] : undefined;
      if (strength === undefined || strength < least) return left;
      this.#reader.next();
      const right = this.#expression(strength + (text === '^' ? 0 : 1));
      left = { kind: 'binary', op: text as DurationOperator, left, right };
    }
  }

  /** A sign is weaker than a power: `-2 ^ 2` is -4. */
  #unary(): Duration {
    this.#count();
    if (this.#reader.take('-')) return negate(this.#expression(signPrecedence));
    if (this.#reader.take('+')) return this.#expression(signPrecedence);
    return this.#primary();
  }

  #term(): Duration {
    this.#count();
    if (this.#reader.take('-')) return negate(this.#term());
    if (this.#reader.take('+')) return this.#term();
    return this.#primary();
  }

  #count(): void {
    if (++this.#parts > maxParts) throw this.#reader.error(`expected a duration of at most ${maxParts} parts`);
  }

  #primary(): Duration {
    const { kind, text, span } = this.#reader.current;
    if (kind === 'duration') return { kind: 'ms', ms: this.literalMs() };
    if (kind === 'number') {
      const value = parseNumber(text) ?? Number.NaN;
      if (!Number.isFinite(value)) throw this.#reader.error(`bad duration: ${JSON.stringify(text)}`);
      this.#reader.next();
      return { kind: 'ms', ms: Math.round(value * 1000) };
    }
    if (this.#reader.take('(')) {
      const of = this.#expression(0);
      this.#reader.expect(')', 'duration');
      return { kind: 'paren', of };
    }
    for (const word of ['step', 'range'] as const) {
      if (!this.#reader.takeWord(word)) continue;
      this.#reader.expect('(', 'duration');
      this.#reader.expect(')', 'duration');
      return { kind: word, span };
    }
    for (const op of ['min_of', 'max_of'] as const) {
      if (!this.#reader.takeWord(op)) continue;
      this.#reader.expect('(', 'duration');
      const left = this.#expression(0);
      this.#reader.expect(',', 'duration');
      const right = this.#expression(0);
      this.#reader.expect(')', 'duration');
      return { kind: 'binary', op, left, right };
    }
    throw this.#reader.unexpected('duration', 'number or duration');
  }
}

function negate(duration: Duration): Duration {
  return duration.kind === 'ms' ? { kind: 'ms', ms: -duration.ms } : { kind: 'negative', of: duration };
}

function isConstant(duration: Duration): boolean {
  switch (duration.kind) {
    case 'ms':
      return true;
    case 'step':
    case 'range':
      return false;
    case 'paren':
    case 'negative':
      return isConstant(duration.of);
    case 'binary':
      return isConstant(duration.left) && isConstant(duration.right);
  }
}
