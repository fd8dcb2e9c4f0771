/** Applications may tell the same calls twice, as spans and as metrics: each is counted from one of them. */
import type { OtlpResource } from '@tarsier/protocol/otlp';

export type CallSource = 'spans' | 'metrics';

/** @returns whether calls of the application are to be counted from this source */
export type TakesFrom = (resource: OtlpResource, source: CallSource) => boolean;

/** Applications that are remembered. */
const most = 1_000;

/** @param preferred  what is counted once an application has sent it; until then it is what comes */
export function createSourcePreference(preferred: CallSource): TakesFrom {
  const sends = new Set<string>();
  return ({ attributes }, source) => {
    const application = ['service.namespace', 'service.name', 'service.instance.id']
      .map((name) => String(attributes.get(name) ?? ''))
      .join('\0');
    if (source !== preferred) return !sends.has(application);
    if (sends.size < most) sends.add(application);
    return true;
  };
}
