/**
 * `pnpm report:weekly DATA_DIR [OUT]`: how well the weekly report foretells how many events the next week has, beside
 * saying the last week again, on the events that a detector finds in every `timestamp,value` recording of three weeks or
 * more under a folder. With OUT also a report of the recordings, as a page and printed. docs/ml/comparison.md has its
 * results.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Incident } from '@tarsier/protocol';
import { weeklyReportSchema } from '@tarsier/protocol/api';
import { chromium } from 'playwright';
import { seriesDetectors } from '../packages/collector/src/detect/registry.ts';
import { reportWeekly } from '../packages/collector/src/jobs/tasks/report/weekly.ts';
import { testContext } from '../packages/collector/src/jobs/testing-context.ts';
import { nextCount } from '../packages/collector/src/learn/counting/next-count.ts';
import type { Storage } from '../packages/collector/src/storage/storage.ts';
import { chromiumFlags, chromiumPath } from '../test/support/chromium.ts';
import { readRecordings, type Recording } from './recordings.ts';

const [folder, out] = process.argv.slice(2);
const weekMs = 7 * 86_400_000;
const leastWeeks = 3;
/** Surprise of an event, and what is within so long of it is the same one. */
const [event, togetherMs] = [3, 3_600_000];
const detector = 'zscore';

/** When events begin. */
function eventsOf({ values, startMs, stepMs }: Recording): readonly number[] {
  const judge = seriesDetectors.find(({ name }) => name === detector)?.create(1);
  const begun: number[] = [];
  let newest = -Infinity;
  for (const [at, value] of values.entries()) {
    const time = startMs + at * stepMs;
    if (!((judge?.push(time, value) ?? 0) >= event)) continue;
    if (time - newest > togetherMs) begun.push(time);
    newest = time;
  }
  return begun;
}

/** A recording's, as if an alert had opened an incident with each event. */
function incidentsOf(events: readonly number[], name: string, by: number): readonly Incident[] {
  return events.map(
    (openedAt, at) =>
      ({
        id: `${name}-${at}`,
        openedAt: openedAt + by,
        title: `${name} unlike its past`,
        severity: at % 3 === 0 ? 'critical' : 'warning',
        priority: { score: 40 + ((at * 17) % 50) },
        telling: { count: 1 },
        feedback: at % 4 === 0 ? 'noise' : 'useful',
      }) as unknown as Incident,
  );
}

async function print(recordings: readonly Recording[], folderOut: string): Promise<void> {
  const now = Date.UTC(2026, 10, 30);
  const [cpu] = recordings.filter(({ path }) => path.includes('cpu_utilization'));
  const incidents = recordings.flatMap((recording) => {
    const name = recording.path.replace(/^.*\/|\.csv$/gu, '');
    const end = recording.startMs + recording.values.length * recording.stepMs;
    return incidentsOf(eventsOf(recording), name, now - end);
  });
  const items = incidents.toSorted((a, b) => b.openedAt - a.openedAt);
  const storage = {
    samples: { reach: () => Promise.resolve(undefined) },
    hosts: { list: () => Promise.resolve(recordings) },
    lists: { incidents: () => Promise.resolve({ items }) },
    anomalyEvents: { list: () => Promise.resolve([]) },
  } as unknown as Storage;
  const labels = { __name__: 'cpu_busy_ratio', cpu: 'all', host: 'recorded' };
  const values = (cpu?.values ?? new Float64Array()).map((percent) => percent / 100);
  const times = values.map((_, at) => now - (values.length - 1 - at) * (cpu?.stepMs ?? 1));
  mkdirSync(folderOut, { recursive: true });
  const browser = await chromium.launch({ executablePath: await chromiumPath(), args: [...chromiumFlags] });
  try {
    for (const language of ['en', 'de'] as const) {
      const context = testContext(storage, { tenantId: 1, tenant: 'recorded' }, [{ labels, times, values }], now);
      const { html } = weeklyReportSchema.parse(await reportWeekly.run({ language }, context));
      writeFileSync(join(folderOut, `report-${language}.html`), html);
      const page = await browser.newPage({ viewport: { width: 900, height: 1_200 } });
      await page.setContent(html);
      await page.screenshot({ path: join(folderOut, `report-${language}.png`), fullPage: true });
      await page.pdf({
        path: join(folderOut, `report-${language}.pdf`),
        preferCSSPageSize: true,
        printBackground: true,
      });
    }
  } finally {
    await browser.close();
  }
}

if (folder === undefined) {
  process.stderr.write('usage: pnpm report:weekly DATA_DIR [OUT]\n');
  process.exitCode = 2;
} else {
  const recordings = readRecordings(folder);
  let [own, plain, within, weeks, series] = [0, 0, 0, 0, 0];
  for (const recording of recordings) {
    const events = eventsOf(recording);
    const count = Math.floor((recording.values.length * recording.stepMs) / weekMs);
    // The first week is what the detector learns from.
    const counts = Array.from({ length: count }, (_, week) => {
      const from = recording.startMs + week * weekMs;
      return events.filter((time) => time >= from && time < from + weekMs).length;
    }).slice(1);
    if (counts.length < leastWeeks) continue;
    series++;
    for (let at = 2; at < counts.length; at++) {
      const { value, low, high } = nextCount(counts.slice(0, at));
      const real = counts[at] ?? 0;
      own += Math.abs(real - value);
      plain += Math.abs(real - (counts[at - 1] ?? 0));
      within += Number(real >= Math.floor(low) && real <= Math.ceil(high));
      weeks++;
    }
  }
  process.stdout.write(
    `${series} recordings, ${weeks} weeks foretold: off by ${(own / weeks).toFixed(2)} events on average, the last week again by ` +
      `${(plain / weeks).toFixed(2)}; within the 80 % interval ${((100 * within) / weeks).toFixed(0)} %\n`,
  );
  if (out !== undefined) await print(recordings, out);
}
