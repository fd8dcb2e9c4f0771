/** The REST API's shapes, a file per resource: what the routes check, what a client may rely on. */
export * from './account.ts';
export * from './alert-policies.ts';
export * from './alerts.ts';
export * from './analytics.ts';
export * from './calendar.ts';
export * from './audit.ts';
export * from './budgets.ts';
export * from './cardinality.ts';
export * from './change-events.ts';
export * from './channels.ts';
export * from './dashboards.ts';
export * from './detection.ts';
export * from './enrol.ts';
export * from './export.ts';
export * from './forecast.ts';
export * from './hosts.ts';
export * from './incident-view.ts';
export * from './ledger.ts';
export * from './limits.ts';
export * from './incidents.ts';
export * from './jobs.ts';
export * from './models.ts';
export * from './keys.ts';
export type { NotificationRecord } from './notification.ts';
export * from './on-call.ts';
export * from './optimisation.ts';
export * from './performance.ts';
export type {
  Answer,
  Body,
  BodyInput,
  OperationKey,
  Operations,
  ParametersOf,
  Query,
  QueryInput,
} from './operations.ts';
export { operations } from './operations.ts';
export type { Operation, OperationName, OperationScope, RawContent } from './operation.ts';
export { isRaw } from './operation.ts';
export * from './prices.ts';
export * from './session.ts';
export * from './problem.ts';
export * from './query.ts';
export * from './results/index.ts';
export * from './rule-condition.ts';
export * from './rule-files.ts';
export * from './rule-lab.ts';
export * from './rules.ts';
export * from './template.ts';
export * from './thresholds.ts';
export * from './tenants.ts';
export * from './time.ts';
export * from './usage.ts';
export * from './users.ts';
