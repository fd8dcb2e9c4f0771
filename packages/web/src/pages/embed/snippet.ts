/** What the builder offers, and which attributes each takes. */
export const embeddable = [
  { tag: 'tarsier-chart', attributes: ['label', 'query', 'range', 'kind', 'unit'] },
  { tag: 'tarsier-stat', attributes: ['label', 'query', 'range', 'unit', 'better'] },
  { tag: 'tarsier-gauge', attributes: ['label', 'query', 'unit', 'max', 'warning', 'critical'] },
  { tag: 'tarsier-sparkline', attributes: ['label', 'query', 'range'] },
  { tag: 'tarsier-heatmap', attributes: ['label', 'query', 'range', 'rows'] },
  { tag: 'tarsier-host', attributes: ['host'] },
  { tag: 'tarsier-health', attributes: ['host', 'range'] },
  { tag: 'tarsier-host-grid', attributes: [] },
  { tag: 'tarsier-alert-list', attributes: ['host'] },
  { tag: 'tarsier-anomaly-timeline', attributes: ['host', 'range'] },
] as const;

export type Embeddable = (typeof embeddable)[number];

/** An element as markup; empty attributes are left out. */
export function markup(tag: string, attributes: Readonly<Record<string, string>>): string {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`);
  return `<${tag}${given.join('')}></${tag}>`;
}

function escapeAttribute(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/** What goes into somebody's page: the script, the provider with a token of the page's own server, and the element. */
export function snippet(origin: string, tag: string, attributes: Readonly<Record<string, string>>): string {
  return [
    `<script type="module" src="${origin}/embed/tarsier.js"></script>`,
    `<tarsier-provider src="${origin}" token-url="/your-server/tarsier-token">`,
    `  ${markup(tag, attributes)}`,
    '</tarsier-provider>',
  ].join('\n');
}

/** The policy that the snippet needs, for pages that have one. */
export function policy(origin: string): string {
  return `script-src ${origin}; connect-src 'self' ${origin} ${origin.replace(/^http/u, 'ws')}`;
}
