import { html, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { qrCode } from './qr-code.ts';

/** Light around the code, in squares: readers want it. */
const margin = 4;

/** Dark on white whatever the theme is. Nothing where the text is too long: it stands beside it, too. */
export function qrImage(text: string, label: string): TemplateResult {
  const rows = qrCode(text);
  if (rows === undefined) return html``;
  const size = rows.length + 2 * margin;
  const path = rows
    .flatMap((row, y) => Array.from(row, (dark, x) => (dark === 1 ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  return html`<svg
    role="img"
    aria-label=${label}
    viewBox="${-margin} ${-margin} ${size} ${size}"
    width="200"
    height="200"
    shape-rendering="crispEdges"
  >
    ${svg`<rect x=${-margin} y=${-margin} width=${size} height=${size} fill="#fff" />`}
    ${svg`<path d=${path} fill="#000" />`}
  </svg>`;
}
