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
