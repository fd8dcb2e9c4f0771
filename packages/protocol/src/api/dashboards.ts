import { z } from 'zod';
import { dashboardColumns, dashboardRows, elements, type ElementTag } from '../elements.ts';
import { defineOperations } from './operation.ts';
import { resourceOperations, withId } from './resource.ts';

const tags = elements.map(({ tag }) => tag) as [ElementTag, ...ElementTag[]];

const panel = z
  .object({
    element: z.enum(tags),
    attributes: z
      .record(z.string(), z.string().max(4_000))
      .default({})
      .describe(
        'As in HTML: `query` or `selector`, `label`, `range` and whatever else the element takes; of `rate` any text says yes.',
      ),
    width: z.int().min(1).max(dashboardColumns).default(6).describe(`Columns, of ${dashboardColumns}.`),
    height: z.int().min(1).max(dashboardRows).default(4).describe('Rows of 72 px.'),
  })
  .superRefine(({ element, attributes }, context) => {
    const known: readonly string[] = elements.find(({ tag }) => tag === element)?.attributes ?? [];
    for (const name of Object.keys(attributes)) {
      if (known.includes(name)) continue;
      const expected = known.length === 0 ? 'none' : `one of ${known.join(', ')}`;
      context.addIssue({ code: 'custom', path: ['attributes', name], message: `expected ${expected}` });
    }
  });
export type Panel = z.output<typeof panel>;

/** `POST /v1/dashboards`. */
export const newDashboardSchema = z.object({
  name: z.string().min(1).max(200),
  description: z.string().max(2_000).default(''),
  panels: z.array(panel).max(100).default([]).describe('In the order in which they are read: rows are filled.'),
});
export type NewDashboard = z.output<typeof newDashboardSchema>;

const dashboard = withId(newDashboardSchema).meta({ id: 'Dashboard' });
export type Dashboard = z.output<typeof dashboard>;

/** What a file of a dashboard says, for another tenant or collector. */
const exported = z
  .object({ kind: z.literal('tarsier.dashboard'), version: z.literal(1), dashboard: newDashboardSchema })
  .meta({ id: 'DashboardFile' });

const tag = 'dashboards';

export const dashboardOperations = {
  ...resourceOperations('dashboards', {
    one: 'a dashboard',
    all: 'Dashboards: named layouts of elements, oldest first',
    body: newDashboardSchema,
    stored: dashboard,
  }),
  ...defineOperations({
    'GET /v1/dashboards/{id}/export': {
      summary: 'A dashboard as a file, to be imported elsewhere',
      tag,
      scope: 'read',
      status: 200,
      answer: exported,
      refusals: [404],
    },
    'POST /v1/dashboards/import': {
      summary: 'Makes a dashboard from such a file',
      tag,
      scope: 'write',
      body: exported,
      status: 201,
      answer: dashboard,
    },
  }),
};
