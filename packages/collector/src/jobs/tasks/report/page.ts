/** A report as one page: no script, nothing from elsewhere, and a style for paper. */
import type { ReportFigure } from '@tarsier/protocol/api';
import { formatNumber } from '../../../stats/format.ts';
import { escapeText } from './chart.ts';

export interface ReportPage {
  readonly language: string;
  readonly title: string;
  readonly subtitle: string;
  readonly heads: readonly [figure: string, week: string, before: string];
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
td+td,th+th{text-align:right;font-variant-numeric:tabular-nums}.good{color:#0b6b3a}.bad{color:#a11b1b}
svg{width:100%;height:auto}svg text{font-size:11px;fill:#52606d}
.axis{stroke:#9aa5b1;stroke-width:1}.bar{fill:#2f6fb3}.line{fill:none;stroke:#2f6fb3;stroke-width:1.5}
footer{font-size:.85rem;margin-top:2rem}
@page{size:A4;margin:16mm}
@media print{body{margin:0;max-width:none;font-size:11pt}h2,svg,tr{break-inside:avoid}h2{break-after:avoid}}
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
      `<tr><td>${escapeText(name)}</td><td class="${direction(value, before, better)}">${shown(value, unit)}</td><td>${shown(before, unit)}</td></tr>`,
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

function shown(value: number | null, unit: string): string {
  if (value === null) return '–';
  return unit === '%' ? `${formatNumber(100 * value)} %` : escapeText(`${formatNumber(value)} ${unit}`.trim());
}

function direction(value: number | null, before: number | null, better: ReportFigure['better']): string {
  if (value === null || before === null || value === before || better === 'neither') return '';
  return value < before === (better === 'lower') ? 'good' : 'bad';
}
