/** Hot file: read for every process of the host. */

/** Of /proc/<pid>/stat (proc(5)); NaN where the line ends before. */
export interface StatLine {
  /** First 15 bytes of its name, as latin1. */
  readonly command: string;
  /** A letter. */
  readonly state: string;
  readonly isKernelThread: boolean;
  readonly majorFaults: number;
  /** CPU time, in hundredths of a second. */
  readonly cpuTicks: number;
  readonly threads: number;
  /** Hundredths of a second after boot: with its number it tells a process from a later one of that number. */
  readonly startTicks: number;
  readonly residentPages: number;
}

const kernelThreadFlag = 0x0020_0000;
const space = 32;
const zero = 48;

/** @returns undefined when it is no such line */
export function parseStatLine(text: string): StatLine | undefined {
  const open = text.indexOf('(');
  // The name may hold parentheses itself.
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const numbers = numbersAfter(text, close + 3, 21);
  const at = (field: number): number => numbers[field - 4] ?? Number.NaN;
  return {
    command: text.slice(open + 1, close),
    state: text.charAt(close + 2),
    isKernelThread: (at(9) & kernelThreadFlag) !== 0,
    majorFaults: at(12),
    cpuTicks: at(14) + at(15),
    threads: at(20),
    startTicks: at(22),
    residentPages: at(24),
  };
}

/** The first `count` numbers from there on, separated by single spaces. */
function numbersAfter(text: string, from: number, count: number): number[] {
  const numbers: number[] = [];
  let position = from;
  while (numbers.length < count && position < text.length) {
    position++;
    let value = 0;
    let negative = false;
    for (; position < text.length; position++) {
      const code = text.charCodeAt(position);
      if (code === space) break;
      if (code >= zero && code < zero + 10) value = value * 10 + code - zero;
      else if (code === 45) negative = true;
    }
    numbers.push(negative ? -value : value);
  }
  return numbers;
}
