/** The API as a page to read: one file without scripts, nothing from elsewhere. */
import { errorMeanings } from '@tarsier/protocol';
import { html, raw } from 'hono/html';
import type { JsonSchema, OpenApiDocument, OpenApiOperation, OpenApiParameter } from './document.ts';

type Html = ReturnType<typeof html>;

export function referencePage(document: OpenApiDocument): Html {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const refusals = Object.fromEntries(
    Object.entries(document.components.responses).map(([name, { description }]) => [
      `#/components/responses/${name}`,
      description,
    ]),
  );
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? '');
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Tarsier API</title>
        <link rel="stylesheet" href="/v1/docs/style.css" />
      </head>
      <body>
        <nav aria-label="Resources">
          <a class="home" href="#top">Tarsier API</a>
          ${[...byTag.keys()].map((tag) => html`<a href="#tag-${tag}">${tag}</a>`)}
          <a href="#schemas">schemas</a>
          <a href="#errors">errors</a>
        </nav>
        <main id="top">
          <h1>Tarsier API <small>${String(document.info['version'])}</small></h1>
          <p>
            ${String(document.info['description'])} Send <code>authorization: Bearer tsr_…</code>. The same as
            <a href="/v1/openapi.json">OpenAPI 3.1</a>.
          </p>
          ${[...byTag].map(
            ([tag, ofTag]) =>
              html`<section aria-labelledby="tag-${tag}">
                <h2 id="tag-${tag}">${tag}</h2>
                ${ofTag.map(({ path, method, operation }) => operationPart(method, path, operation, refusals))}
              </section>`,
          )}
          <section aria-labelledby="schemas">
            <h2 id="schemas">schemas</h2>
            ${Object.entries(document.components.schemas).map(
              ([name, schema]) =>
                html`<details id="schema-${name}">
                  <summary><code>${name}</code></summary>
                  ${schemaPart(schema)}
                </details>`,
            )}
          </section>
          <section aria-labelledby="errors">
            <h2 id="errors">errors</h2>
            <div class="wide">
              <table>
                <thead>
                  <tr>
                    <th>code</th>
                    <th>status</th>
                    <th>what it means</th>
                    <th>what to do</th>
                  </tr>
                </thead>
                <tbody>
                  ${Object.entries(errorMeanings)
                    .filter(([, { status }]) => status !== undefined)
                    .map(
                      ([code, { status, title, remedy }]) =>
                        html`<tr id="${code}">
                          <td><code>${code}</code></td>
                          <td>${status}</td>
                          <td>${title}</td>
                          <td>${remedy}</td>
                        </tr>`,
                    )}
                </tbody>
              </table>
            </div>
          </section>
        </main>
      </body>
    </html>`;
}

function operationPart(
  method: string,
  path: string,
  operation: OpenApiOperation,
  /** Texts by reference. */
  refusals: Readonly<Record<string, string>>,
): Html {
  const { summary, description, parameters, requestBody, responses, operationId } = operation;
  const scope = operation['x-scope'];
  return html`<article id="${operationId}">
    <h3><span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code></h3>
    <p>${summary}. ${description ?? ''}</p>
    <p class="scope">${scopeText(scope)}</p>
    ${parameters.length === 0 ? '' : parameterTable(parameters)}
    ${
      requestBody === undefined
        ? ''
        : html`<h4>Body</h4>
            ${contentPart(requestBody.content)}`
    }
    <h4>Answers</h4>
    <dl>
      ${Object.entries(responses).map(
        ([status, response]) =>
          html`<dt><code>${status}</code></dt>
            <dd>
              ${'$ref' in response ? refusals[response.$ref] : response.description}
              ${'$ref' in response || response.content === undefined ? '' : contentPart(response.content)}
            </dd>`,
      )}
    </dl>
  </article>`;
}

function scopeText(scope: string): string {
  if (scope === 'public') return 'Needs no key.';
  return scope === 'any' ? 'Needs any key or session.' : `Needs a key of scope ${scope}.`;
}

function parameterTable(parameters: readonly OpenApiParameter[]): Html {
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          <th>parameter</th>
          <th>in</th>
          <th>type</th>
          <th></th>
        </tr>
      </thead>
      <tbody>
        ${parameters.map(
          ({ name, in: where, required, schema, description }) =>
            html`<tr>
              <td><code>${name}</code>${required ? raw('&nbsp;<b title="required">*</b>') : ''}</td>
              <td>${where}</td>
              <td>${typeText(schema)}</td>
              <td>${description ?? ''}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function contentPart(content: NonNullable<OpenApiOperation['requestBody']>['content']): Html {
  return html`${Object.entries(content).map(
    ([type, { schema }]) =>
      html`<p><code>${type}</code></p>
        ${schema === undefined ? '' : schemaPart(schema)}`,
  )}`;
}

function schemaPart(schema: JsonSchema): Html {
  const { $ref } = schema;
  if (typeof $ref === 'string') return html`<p>${linkTo($ref)}</p>`;
  return html`<pre>${schemaText(schema)}</pre>`;
}

function linkTo(reference: string): Html {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return html`<a href="#schema-${name}"><code>${name}</code></a>`;
}

function schemaText(schema: JsonSchema): string {
  return JSON.stringify(schema, undefined, 2).replaceAll('#/components/schemas/', '');
}

function typeText({ type, enum: values, default: otherwise, minimum, maximum, items }: JsonSchema): string {
  const what = Array.isArray(values)
    ? values.join(' | ')
    : type === 'array'
      ? `list of ${typeText((items ?? {}) as JsonSchema)}`
      : typeof type === 'string'
        ? type
        : 'any';
  // Safe integers are the bounds of every whole number.
  const bounds = [minimum, maximum].filter((bound) => Math.abs(Number(bound)) < 9e15).map(String);
  const range = bounds.length === 0 ? '' : `, ${bounds.join(' to ')}`;
  return what + range + (otherwise === undefined ? '' : `, ${JSON.stringify(otherwise)} unless given`);
}
