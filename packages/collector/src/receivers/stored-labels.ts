import { isLabelName, maxLabels, maxLabelValueLength, type Labels } from '@tarsier/protocol';
import { toLabelName, toLabelValue } from '@tarsier/protocol/formats';

/**
 * Labels as they are stored: without those that are empty, and without `host` where the batch says it.
 *
 * @param hostLabel  what `host` is: the host's name; another's, to be kept as `exported_host`; or a label as any
 * @returns a sentence when they can't be stored
 */
export function storedLabels(labels: Labels, hostLabel: 'name' | 'other' | 'label'): Labels | string {
  const stored = new Map<string, string>();
  for (const [given, value] of Object.entries(labels)) {
    if (value === '' || (given === 'host' && hostLabel === 'name')) continue;
    const name =
      given === 'host' && hostLabel === 'other' ? 'exported_host' : isLabelName(given) ? given : toLabelName(given);
    if (value.length > maxLabelValueLength) {
      return `label ${given}: expected a value of up to ${maxLabelValueLength} characters, got ${value.length}`;
    }
    if (stored.has(name)) return `label ${given}: expected names that differ, got ${name} twice`;
    stored.set(name, toLabelValue(value));
  }
  if (stored.size > maxLabels) return `labels: expected up to ${maxLabels}, got ${stored.size}`;
  return Object.fromEntries(stored);
}
