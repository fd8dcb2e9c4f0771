/** What each detector costs, in CPU of this process. */
import { hostDetectors, seriesDetectors } from '@tarsier/collector/detect';

/** Samples before anything is measured: memories are full by then. */
const warmup = 4000;
const measured = 20_000;
const rounds = 3;
const width = 20;
const training = 400;
const stepMs = 10_000;

/** A daily wave with noise, the same at every run. */
function createWave(seed: number): (step: number) => number {
  let state = seed;
  return (step) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 50 + 20 * Math.sin((2 * Math.PI * step) / 8640) + state / 2 ** 30;
  };
}

const seconds = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

/** CPU seconds of the fastest round. */
function best(work: () => void): number {
  return Math.min(...Array.from({ length: rounds }, () => seconds(work)));
}

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const count = (number: number): string => number.toLocaleString('en-US', { maximumFractionDigits: 0 });

export function benchCost(say: (line: string) => void): void {
  say(row('detector', 'ns a sample', 'bytes a series', 'checkpoint, bytes', 'samples before a verdict'));
  say(row('---', '---', '---', '---', '---'));
  for (const { name, create } of seriesDetectors) {
    const detector = create(1);
    const wave = createWave(1);
    let step = 0;
    let first = Number.NaN;
    while (step < warmup) {
      const surprise = detector.push(step * stepMs, wave(step));
      step++;
      if (Number.isNaN(first) && !Number.isNaN(surprise)) first = step - 1;
    }
    const cpu = best(() => {
      for (const end = step + measured; step < end; step++) detector.push(step * stepMs, wave(step));
    });
    say(
      row(
        name,
        count((cpu / measured) * 1e9),
        count(detector.bytes),
        count(detector.checkpoint().length),
        count(first),
      ),
    );
  }

  say('');
  say(`${width} channels, ${training} rows of training:`);
  say('');
  say(row('detector', 'ns a channel and row', 'bytes a host', 'checkpoint, bytes', 'training, ms'));
  say(row('---', '---', '---', '---', '---'));
  for (const { name, create } of hostDetectors) {
    const detector = create({ seed: 1, width, training });
    const waves = Array.from({ length: width }, (_, channel) => createWave(channel + 1));
    const values = new Float64Array(width);
    let step = 0;
    const push = (): void => {
      for (const [channel, wave] of waves.entries()) values[channel] = wave(step);
      detector.push(step * stepMs, values);
      step++;
    };
    const trained = seconds(() => {
      while (step < training) push();
    });
    while (step < warmup / 2) push();
    const cpu = best(() => {
      for (const end = step + measured / width; step < end;) push();
    });
    const cost = (cpu / measured) * 1e9;
    say(row(name, count(cost), count(detector.bytes), count(detector.checkpoint().length), count(trained * 1000)));
  }
}
