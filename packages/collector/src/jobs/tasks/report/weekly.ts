import type { Incident, UnixMs } from '@tarsier/protocol';
import type { ReportFigure, WeeklyReport } from '@tarsier/protocol/api';
import { z } from 'zod';
import { nextCount } from '../../../learn/counting/next-count.ts';
import { dayMs, hourMs } from '../../../storage/hours.ts';
import { defineJobType, type JobContext } from '../../job-type.ts';
import { samplesAt, seriesOver } from '../ask-engine.ts';
import { bars, line } from './chart.ts';
import { reportPage, shown } from './page.ts';
import { reportTexts } from './texts.ts';

const weekMs = 7 * dayMs;
/** What is expected is learnt from so many weeks. */
const weeks = 8;
const mostListed = 20_000;
const atOnce = 1_000;
const shownIncidents = 5;

export const reportWeekly = defineJobType({
  name: 'report.weekly',
  summary: 'A page about the last seven days, to read, print and keep, with what to expect of the next.',
  payload: z.strictObject({
    language: z.enum(['en', 'de']).default('en'),
    title: z.string().min(1).max(200).optional(),
  }),
  runs: 'thread',
  estimateMs: () => 500,
  async run({ language, title }, context): Promise<WeeklyReport> {
    const { scope, storage, now, progress } = context;
    const texts = reportTexts[language];
    const to = Math.floor(now / hourMs) * hourMs;
    const from = to - weekMs;
    const incidents = await incidentsSince(context, to - weeks * weekMs);
    progress({ ratio: 0.3, message: 'incidents read' });
    const inWeek = (back: number): readonly Incident[] =>
      incidents.filter(({ openedAt }) => openedAt >= to - (back + 1) * weekMs && openedAt < to - back * weekMs);
    const [own, before] = [inWeek(0), inWeek(1)];
    const hosts = (await storage.hosts.list(scope)).length;
    const cpuQuery = 'avg(avg_over_time(cpu_busy_ratio{cpu="all"}[1h]))';
    const cpu = await valuesOf(context, cpuQuery, from + hourMs, to, hourMs);
    const cpuBefore = await valuesOf(context, cpuQuery, from - weekMs + hourMs, from, hourMs);
    const spent = await Promise.all(
      [to, from].map((at) => valueAt(context, 'sum(increase(llm_cost_usd_total[7d]))', at)),
    );
    progress({ ratio: 0.7, message: 'series read' });

    const figure = (
      key: string,
      name: string,
      unit: string,
      better: ReportFigure['better'],
      [value, former]: readonly (number | undefined)[],
    ): ReportFigure => ({ key, title: name, unit, better, value: value ?? null, before: former ?? null });
    const both = (of: (some: readonly Incident[]) => number | undefined) => [of(own), of(before)];
    const figures = [
      figure(
        'incidents',
        texts.incidents,
        '',
        'lower',
        both((some) => some.length),
      ),
      figure(
        'notifications',
        texts.pages,
        '',
        'lower',
        both((some) => some.reduce((sum, { telling }) => sum + telling.count, 0)),
      ),
      figure('useful', texts.useful, '%', 'higher', both(usefulShare)),
      figure('anomalies', texts.anomalies, '', 'neither', [
        await countEvents(context, from, to),
        await countEvents(context, from - weekMs, from),
      ]),
      figure('hosts', texts.hosts, '', 'neither', [hosts, undefined]),
      figure('cpu', texts.cpu, '%', 'neither', [meanOf(cpu), meanOf(cpuBefore)]),
      figure('llm-cost', texts.llm, 'USD', 'lower', spent),
    ];

    const days = Array.from({ length: 7 }, (_, at) => from + at * dayMs);
    // A weekday and its number, in that order in either language.
    const [weekday, number] = [{ weekday: 'short' }, { day: 'numeric' }] as const;
    const named = [weekday, number].map((part) => new Intl.DateTimeFormat(language, { ...part, timeZone: 'UTC' }));
    const labels = days.map((day) => named.map((one) => one.format(day)).join(' '));
    const perDay = days.map((day) => own.filter(({ openedAt }) => openedAt >= day && openedAt < day + dayMs).length);
    // Weeks before the first incident are no weeks without any: nobody may have watched then.
    const counts = Array.from({ length: weeks }, (_, at) => inWeek(weeks - 1 - at).length);
    const begun = counts.findIndex((count) => count > 0);
    const next = nextCount(begun === -1 ? [0] : counts.slice(begun));
    const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' });
    const whole = (value: number): string => String(Math.round(value));
    const top = own.toSorted((a, b) => b.priority.score - a.priority.score).slice(0, shownIncidents);
    const heading = title ?? texts.title;
    const html = reportPage({
      language,
      title: heading,
      subtitle: texts.of(scope.tenant, date.format(from), date.format(to)),
      heads: [texts.figure, texts.week, texts.before, texts.change],
      figures,
      charts: [
        { title: texts.perDay, svg: bars(texts.perDay, labels, perDay, whole) },
        ...(cpu.some(Number.isFinite)
          ? [
              {
                title: texts.cpuByHour,
                svg: line(texts.cpuByHour, labels, cpu, (value) => shown(value, '%', language)),
              },
            ]
          : []),
      ],
      sections: [
        {
          title: texts.expected,
          lines: [
            texts.expectation(
              whole(next.value),
              whole(next.low),
              whole(next.high),
              `${Math.round(100 * next.confidence)} %`,
            ),
            next.isBetter ? texts.better : texts.notBetter,
          ],
        },
        {
          title: texts.top,
          lines:
            top.length === 0
              ? [texts.none]
              : top.map(
                  (one) =>
                    `${date.format(one.openedAt)}: ${one.title} (${texts.severities[one.severity]}, ${texts.priority} ${one.priority.score})`,
                ),
        },
      ],
      footer: texts.method,
    });
    const { isBetter, ...estimate } = next;
    return {
      kind: 'report.weekly',
      version: 1,
      method: texts.method,
      sources: ['Poisson 1837; Student’s prediction interval of a new observation, here by the normal distribution'],
      title: heading,
      window: { from, to },
      language,
      figures,
      expectations: [{ title: texts.incidents, estimate, baseline: 'last week again', isBetter }],
      html,
    };
  },
});

async function incidentsSince({ storage, scope, signal }: JobContext, since: UnixMs): Promise<readonly Incident[]> {
  const found: Incident[] = [];
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await storage.lists.incidents(scope, {
      sort: 'newest',
      limit: atOnce,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items.filter(({ openedAt }) => openedAt >= since));
    cursor = (page.items.at(-1)?.openedAt ?? 0) < since ? undefined : page.next;
  } while (cursor !== undefined && found.length < mostListed);
  return found;
}

async function countEvents({ storage, scope }: JobContext, start: UnixMs, end: UnixMs): Promise<number> {
  return (await storage.anomalyEvents.list(scope, { start, end })).length;
}

function usefulShare(incidents: readonly Incident[]): number | undefined {
  const judged = incidents.filter(({ feedback }) => feedback !== undefined);
  return judged.length === 0
    ? undefined
    : judged.filter(({ feedback }) => feedback === 'useful').length / judged.length;
}

/** Of each step one value, NaN for none. */
async function valuesOf(
  context: JobContext,
  query: string,
  start: UnixMs,
  end: UnixMs,
  stepMs: number,
): Promise<readonly number[]> {
  const [series] = await seriesOver(context, { query, start, end, stepMs });
  const values = Array.from({ length: Math.floor((end - start) / stepMs) + 1 }, () => Number.NaN);
  for (const [at, time] of series?.times.entries() ?? [])
    values[Math.round((time - start) / stepMs)] = series?.values[at] ?? Number.NaN;
  return values;
}

async function valueAt(context: JobContext, query: string, time: UnixMs): Promise<number | undefined> {
  return (await samplesAt(context, query, time))[0]?.value;
}

function meanOf(values: readonly number[]): number | undefined {
  const known = values.filter(Number.isFinite);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}
