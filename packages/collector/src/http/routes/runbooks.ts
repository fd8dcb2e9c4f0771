import { readFile } from 'node:fs/promises';
import { TarsierError } from '@tarsier/protocol';
import { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { runbookName } from '../../alert/runbook-name.ts';
import type { AppEnv } from '../app-env.ts';

interface Runbook {
  readonly title: string;
  readonly paragraphs: readonly string[];
}

const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};
const file = new URL('../../../runbooks.md', import.meta.url);

/**
 * `GET /runbooks[/NAME]`: what an alert of a rule that everybody begins with means, and where to look first. Without a
 * key, for whoever is woken by it; it says nothing about a tenant.
 */
export async function runbookRoutes(): Promise<Hono<AppEnv>> {
  const runbooks = parseRunbooks(await readFile(file, 'utf8'));
  return new Hono<AppEnv>()
    .get('/', (c) =>
      c.html(
        pageOf(
          'Runbooks',
          html`<ul>
            ${Array.from(runbooks, ([name, { title }]) => html`<li><a href="/runbooks/${name}">${title}</a></li>`)}
          </ul>`,
        ),
        200,
        pageHeaders,
      ),
    )
    .get('/:name', (c) => {
      const name = c.req.param('name');
      const runbook = runbooks.get(name);
      if (runbook === undefined) throw new TarsierError('http/not-found', `there is no runbook ${name}`);
      const { title, paragraphs } = runbook;
      return c.html(pageOf(title, html`${paragraphs.map((text) => html`<p>${withCode(text)}</p>`)}`), 200, pageHeaders);
    });
}

/** Sections by the name of their page. */
function parseRunbooks(markdown: string): ReadonlyMap<string, Runbook> {
  const [, ...sections] = markdown.split(/^## /mu);
  return new Map(
    sections.map((section) => {
      const [title = '', ...paragraphs] = section.trim().split(/\n\n+/u);
      return [runbookName(title), { title, paragraphs }];
    }),
  );
}

/** Every second piece between backticks is code. */
function withCode(text: string) {
  return text.split('`').map((piece, index) => (index % 2 === 0 ? html`${piece}` : html`<code>${piece}</code>`));
}

const style = `
  :root { color-scheme: light dark; font: 1.05rem/1.6 system-ui, sans-serif; }
  body { max-width: 42rem; margin: 0 auto; padding: 1.5rem 1rem; }
  code { font-size: 0.9em; padding: 0.1em 0.3em; border-radius: 0.25em; background: color-mix(in srgb, currentcolor 10%, transparent); overflow-wrap: anywhere; }
`;

function pageOf(title: string, content: ReturnType<typeof html>) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} – runbook</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <h1>${title}</h1>
        ${content}
        <p><a href="/runbooks">All runbooks</a></p>
      </body>
    </html>`;
}
