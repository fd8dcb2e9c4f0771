import type { Anomaly, AnomalyEvent } from '@tarsier/protocol';
import type { Detection } from '../detect/detection.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import type { Alerting } from './alerting.ts';
import type { AnomalyLog } from './anomaly-log.ts';
import { eventAsAnomaly } from './event-as-anomaly.ts';

/** Anomalies that still last go on; those that ended while no collector ran are ended where they were last seen. */
export async function resumeAnomalies(
  scope: TenantScope,
  {
    storage,
    detection,
    anomalyLog,
    eventLog,
    alerting,
  }: {
    readonly storage: Pick<Storage, 'anomalies' | 'anomalyEvents'>;
    readonly detection: Pick<Detection, 'resume' | 'open'>;
    readonly anomalyLog: Pick<AnomalyLog<Anomaly>, 'record'>;
    readonly eventLog: Pick<AnomalyLog<AnomalyEvent>, 'record'>;
    readonly alerting: Pick<Alerting, 'anomaly'>;
  },
): Promise<void> {
  const [anomalies, events] = await Promise.all([storage.anomalies.open(scope), storage.anomalyEvents.open(scope)]);
  const over = detection.resume(scope, { anomalies, events });
  const open = detection.open(scope);
  for (const event of [...open.events, ...over.events]) {
    eventLog.record(scope, event);
    if (event.page === true || event.end !== undefined) alerting.anomaly(scope, eventAsAnomaly(event));
  }
  for (const anomaly of [...open.anomalies, ...over.anomalies]) {
    anomalyLog.record(scope, anomaly);
    alerting.anomaly(scope, anomaly);
  }
}
