/** Every operation under `/v1`: what is not here is not there, and the other way around (a test asks the router). */
import type { z } from 'zod';
import { accountOperations } from './account.ts';
import { alertPolicyOperations } from './alert-policies.ts';
import { alertOperations } from './alerts.ts';
import { analyticsOperations } from './analytics.ts';
import { auditOperations } from './audit.ts';
import { budgetOperations } from './budgets.ts';
import { cardinalityOperations } from './cardinality.ts';
import { changeEventOperations } from './change-events.ts';
import { channelOperations } from './channels.ts';
import { dashboardOperations } from './dashboards.ts';
import { detectionOperations } from './detection.ts';
import { enrolOperations } from './enrol.ts';
import { exportOperations } from './export.ts';
import { forecastOperations } from './forecast.ts';
import { hostOperations } from './hosts.ts';
import { incidentViewOperations } from './incident-view.ts';
import { incidentOperations } from './incidents.ts';
import { jobOperations } from './jobs.ts';
import { keyOperations } from './keys.ts';
import { ledgerOperations } from './ledger.ts';
import { limitOperations } from './limits.ts';
import { metaOperations } from './meta.ts';
import { modelOperations } from './models.ts';
import { onCallOperations } from './on-call.ts';
import { optimisationOperations } from './optimisation.ts';
import { performanceOperations } from './performance.ts';
import { priceOperations } from './prices.ts';
import { queryOperations } from './query.ts';
import { ruleFileOperations } from './rule-files.ts';
import { ruleLabOperations } from './rule-lab.ts';
import { ruleEvaluationOperations, ruleOperations } from './rules.ts';
import { sampleOperations } from './samples.ts';
import { sessionOperations } from './session.ts';
import { thresholdOperations } from './thresholds.ts';
import { tenantOperations } from './tenants.ts';
import { userOperations } from './users.ts';
import { usageOperations } from './usage.ts';

export const operations = {
  ...alertOperations,
  ...incidentOperations,
  ...incidentViewOperations,
  ...changeEventOperations,
  ...onCallOperations,
  ...ruleOperations,
  ...ruleEvaluationOperations,
  ...ruleFileOperations,
  ...ruleLabOperations,
  ...alertPolicyOperations,
  ...channelOperations,
  ...queryOperations,
  ...forecastOperations,
  ...cardinalityOperations,
  ...hostOperations,
  ...ledgerOperations,
  ...detectionOperations,
  ...sampleOperations,
  ...exportOperations,
  ...enrolOperations,
  ...sessionOperations,
  ...accountOperations,
  ...jobOperations,
  ...modelOperations,
  ...priceOperations,
  ...budgetOperations,
  ...dashboardOperations,
  ...optimisationOperations,
  ...performanceOperations,
  ...thresholdOperations,
  ...keyOperations,
  ...userOperations,
  ...tenantOperations,
  ...limitOperations,
  ...usageOperations,
  ...analyticsOperations,
  ...auditOperations,
  ...metaOperations,
};

export type Operations = typeof operations;
export type OperationKey = keyof Operations;

type Schema<O, Part extends string> = O extends { readonly [K in Part]: infer S extends z.ZodType } ? S : never;

/** Names in braces. */
export type ParametersOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & ParametersOf<Rest>
  : unknown;

/** Of a request as a client writes it, and as a route gets it. */
export type QueryInput<K extends OperationKey> = z.input<Schema<Operations[K], 'query'>>;
export type Query<K extends OperationKey> = z.output<Schema<Operations[K], 'query'>>;
export type BodyInput<K extends OperationKey> = z.input<Schema<Operations[K], 'body'>>;
export type Body<K extends OperationKey> = z.output<Schema<Operations[K], 'body'>>;
export type Answer<K extends OperationKey> = z.output<Schema<Operations[K], 'answer'>>;
