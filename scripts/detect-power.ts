/**
 * `pnpm detect:power [--runs N] [--steps N] [--detector NAME] [--write]`: what each detector finds of faults of known size,
 * and how rarely it errs on quiet data; with --write, in docs/detection.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faultSteps } from './detect-power/faults.ts';
import { measureCalibration, measurePower, subjects, type Subject } from './detect-power/measure.ts';

const docs = new URL('../docs/detection.md', import.meta.url);
const seeds = 4;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const percent = (share: number): string => String(Math.round(100 * share));

function powerTable(chosen: readonly Subject[], runs: number): string {
  const columns = chosen.map((subject) => measurePower(subject, runs));
  const rows = (columns[0] ?? []).map(({ fault, size }, row) => [
    fault.name,
    `${size} ${fault.unit}`,
    ...columns.map((column) => percent(column[row]?.found ?? Number.NaN)),
  ]);
  return [
    `Runs out of 100 with a score of at least 0.999 within the ${faultSteps} steps of the fault (a spike is one step);`,
    `${runs} runs each, 2,016 quiet steps before. With nothing 13 of them have one, if one in 1,000 steps does, each on its own.`,
    `\n${table(['fault', 'size', ...chosen.map(({ name }) => name)], rows)}`,
  ].join('\n');
}

function calibrationTable(chosen: readonly Subject[], steps: number): string {
  const rows = chosen.map((subject) => [
    subject.name,
    ...measureCalibration(subject, steps, seeds).flatMap(({ over2, over3 }) => [over2.toFixed(2), over3.toFixed(2)]),
  ]);
  const noises = ['gaussian', 'heavy-tailed', 'autocorrelated', 'constant with jitter'];
  return [
    'Quiet steps that score at least 0.99, and at least 0.999, as a multiple of one in 100 and one in 1,000;',
    `${seeds} x ${steps.toLocaleString('en')} steps each. The rare ones come in clusters: of the second number a factor of 2 is chance.`,
    `\n${table(['detector', ...noises.flatMap((noise) => [`${noise} 0.99`, '0.999'])], rows)}`,
  ].join('\n');
}

/** @returns the text with what is between the two comments replaced */
function replaced(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`docs/detection.md: expected ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    runs: { type: 'string', default: '50' },
    steps: { type: 'string', default: '12000' },
    detector: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const chosen = subjects.filter(({ name }) => values.detector === undefined || name === values.detector);
const sections = {
  power: () => powerTable(chosen, Number(values.runs)),
  calibration: () => calibrationTable(chosen, Number(values.steps)),
};
if (chosen.length === 0) {
  const names = subjects.map(({ name }) => name).join(', ');
  process.stderr.write(`--detector: expected one of ${names}, got ${values.detector}\n`);
  process.exitCode = 2;
} else {
  for (const [name, measure] of Object.entries(sections)) {
    const content = measure();
    process.stdout.write(`${content}\n\n`);
    if (values.write) writeFileSync(docs, replaced(readFileSync(docs, 'utf8'), name, content));
  }
}
