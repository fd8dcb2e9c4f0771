import { TarsierError } from '@tarsier/protocol';
import type { QueryResult } from '../../query/engine.ts';
import { LabelSet } from '../../query/label-set.ts';

/** A query's answer as series, as rules take it. @throws {TarsierError} `rules/evaluation` where it is neither a vector nor a scalar */
export function samplesOf({ data }: QueryResult): readonly { readonly labels: LabelSet; readonly value: number }[] {
  if (data.kind === 'vector') return data.samples;
  if (data.kind === 'scalar') return [{ labels: LabelSet.empty, value: data.value }];
  throw new TarsierError('rules/evaluation', `rule result is not a vector or scalar, but a ${data.kind}`);
}
