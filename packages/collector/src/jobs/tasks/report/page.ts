/** A report as one page: no script, nothing from elsewhere, and a style for paper. */
import type { ReportFigure } from '@tarsier/protocol/api';
import { escapeText } from './chart.ts';

export interface ReportPage {
  readonly language: string;
  readonly title: string;
  readonly subtitle: string;
  readonly heads: readonly [figure: string, week: string, before: string, change: string];
  readonly figures: readonly ReportFigure[];
  readonly charts: readonly { readonly title: string; readonly svg: string }[];
  readonly sections: readonly { readonly title: string; readonly lines: readonly string[] }[];
  readonly footer: string;
}

const style = `
:root{color-scheme:light}
body{font:15px/1.5 system-ui,sans-serif;color:#16202b;background:#fff;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}
p,ul{margin:.3rem 0}.subtitle,footer{color:#52606d}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #d9e0e6}
td+td,th+th{text-align:right;font-variant-numeric:tabular-nums}thead th{border-bottom:2px solid #9aa5b1}
.good{color:#0b6b3a;font-weight:600}.bad{color:#a11b1b;font-weight:600}
svg{width:100%;height:auto}svg text{font-size:11px;fill:#52606d}svg .value{fill:#16202b}
.axis{stroke:#9aa5b1;stroke-width:1}.bar{fill:#2f6fb3}.line{fill:none;stroke:#2f6fb3;stroke-width:1.5}
footer{font-size:.85rem;margin-top:2rem}
@page{size:A4;margin:16mm}
@media print{body{margin:0;padding:0;max-width:none;font-size:10pt;line-height:1.35}h2{margin:1rem 0 .2rem;break-after:avoid}th,td{padding:.18rem .5rem}svg{height:34mm}svg,tr,li{break-inside:avoid}footer{margin-top:1rem}.bar{print-color-adjust:exact}}
`.replaceAll('\n', '');

export function reportPage({
  language,
  title,
  subtitle,
  heads,
  figures,
  charts,
  sections,
  footer,
}: ReportPage): string {
  const rows = figures.map(
    ({ title: name, unit, value, before, better }) =>
      `<tr><td>${escapeText(name)}</td><td>${shown(value, unit, language)}</td><td>${shown(before, unit, language)}</td><td class="${direction(value, before, better)}">${change(value, before, unit, language)}</td></tr>`,
  );
  const parts = [
    `<h1>${escapeText(title)}</h1><p class="subtitle">${escapeText(subtitle)}</p>`,
    `<table><thead><tr>${heads.map((head) => `<th>${escapeText(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`,
    ...charts.map((chart) => `<h2>${escapeText(chart.title)}</h2>${chart.svg}`),
    ...sections.map(
      (section) =>
        `<h2>${escapeText(section.title)}</h2><ul>${section.lines.map((text) => `<li>${escapeText(text)}</li>`).join('')}</ul>`,
    ),
    `<footer>${escapeText(footer)}</footer>`,
  ];
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeText(title)}</title><style>${style}</style></head><body>${parts.join('')}</body></html>`;
}

/** As the language writes it; `%` is of a share. */
export function shown(value: number | null, unit: string, language: string): string {
  if (value === null) return '–';
  if (unit === '%') return percent(value, language);
  const text = new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(value);
  return escapeText(`${text} ${unit}`.trim());
}

/** With its sign, so that it is told without colours: in points of a share, and else relative to the week before. */
function change(value: number | null, before: number | null, unit: string, language: string): string {
  if (value === null || before === null) return '–';
  if (unit === '%') {
    const points = Math.round(1_000 * (value - before)) / 10;
    const text = new Intl.NumberFormat(language, { signDisplay: 'exceptZero' }).format(points);
    return escapeText(`${text} pp`);
  }
  return before === 0 ? '–' : percent(value / before - 1, language, 0, 'exceptZero');
}

function percent(share: number, language: string, digits = 1, sign: 'auto' | 'exceptZero' = 'auto'): string {
  const style = { style: 'percent', maximumFractionDigits: digits, signDisplay: sign } as const;
  return escapeText(new Intl.NumberFormat(language, style).format(share));
}

function direction(value: number | null, before: number | null, better: ReportFigure['better']): string {
  if (value === null || before === null || value === before || better === 'neither') return '';
  return value < before === (better === 'lower') ? 'good' : 'bad';
}
