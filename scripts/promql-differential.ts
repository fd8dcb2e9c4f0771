/**
 * `pnpm test:promql:differential [--runs N] [--seed N] [--record]`: asks a real Prometheus and our engine the same
 * made-up queries over the same samples. `--record` keeps the answers for the tests instead of comparing.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { difference, engineOn, ourAnswer } from '../test/promql/differential/answers.ts';
import { makeSeries, openMetrics } from '../test/promql/differential/data.ts';
import { startPrometheus } from '../test/promql/differential/prometheus.ts';
import { asked } from '../test/promql/differential/queries.ts';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    runs: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    record: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
/** Longest answer that is kept for the tests, characters. */
const maxRecorded = 1_500;
const [runs, seed] = [Number(values.runs), Number(values.seed)];
const series = makeSeries();
const engine = engineOn(series);
const prometheus = await startPrometheus(openMetrics(series));
say(`Prometheus ${prometheus.version}, ${runs} queries, seed ${seed}`);

try {
  const counts = { equal: 0, failing: 0, empty: 0, differing: 0 };
  const golden: string[] = [];
  for (const one of fc.sample(asked, { numRuns: runs, seed })) {
    const theirs = await prometheus.ask(one);
    if (values.record) {
      const line = JSON.stringify({ ...one, answer: theirs });
      if (line.length <= maxRecorded) golden.push(line);
      continue;
    }
    const problem = difference(theirs, await ourAnswer(engine, one), one.query);
    if (problem !== undefined) {
      counts.differing++;
      process.exitCode = 1;
      say(`differs: ${one.query}  [${one.startMs} ${one.endMs} ${one.stepMs}]\n  ${problem}`);
    } else if ('error' in theirs) counts.failing++;
    else if (Object.keys(theirs.series).length === 0) counts.empty++;
    else counts.equal++;
  }
  if (values.record) {
    const file = new URL('../test/promql/differential/testdata/golden.json', import.meta.url);
    writeFileSync(file, `[\n${golden.join(',\n')}\n]\n`);
    say(`${golden.length} answers recorded`);
  } else {
    say(
      `${counts.equal} equal, ${counts.empty} both empty, ${counts.failing} both failing, ${counts.differing} differing`,
    );
  }
} finally {
  await prometheus.stop();
}
