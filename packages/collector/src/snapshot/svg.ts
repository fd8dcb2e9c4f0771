import { glyph } from './font.ts';
import type { Picture, Shape } from './shapes.ts';

/** Without scripts, styles and outside addresses: it can be shown anywhere. */
export function toSvg({ width, height, alt, shapes }: Picture): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="16">`,
    `<title>${escapeXml(alt)}</title>`,
    ...shapes.map(element),
    '</svg>\n',
  ].join('\n');
}

function element(shape: Shape): string {
  switch (shape.kind) {
    case 'box': {
      const { x, y, width, height, fill, opacity } = shape;
      return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}" fill-opacity="${opacity}"/>`;
    }
    case 'line': {
      const { points, stroke, width, dash } = shape;
      const path = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
      const dashes = dash === undefined ? '' : ` stroke-dasharray="${dash}"`;
      return `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round"${dashes}/>`;
    }
    case 'text': {
      const { x, y, anchor, text, fill } = shape;
      // As wide as in the font that the layout counts with, whatever font there is.
      const length = Array.from(text).length * glyph.width;
      return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${fill}" textLength="${length}" xml:space="preserve">${escapeXml(text)}</text>`;
    }
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // Not even escaped may they be in XML.
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/gu, '\ufffd')
  );
}
