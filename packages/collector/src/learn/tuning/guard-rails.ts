/** What a tuner may not do, whatever it has learnt. */
import { isCrossedLess } from '@tarsier/protocol/api';

export type RailName = 'page-severity' | 'no-new-miss' | 'not-silent' | 'step' | 'support' | 'evidence';

export interface Rail {
  readonly name: RailName;
  readonly held: boolean;
  readonly why: string;
}

export interface RailInput {
  readonly op: '>' | '<' | '>=' | '<=';
  readonly severity: string;
  readonly present: number;
  readonly proposed: number;
  /** Largest step, and what is asked for. */
  readonly step: { readonly most: number; readonly wanted: number };
  /** Real incidents that the present threshold told of, and the proposed one would not have. */
  readonly newlyMissed: readonly string[];
  /** Alarms of both in all of the time. */
  readonly alarms: { readonly present: number; readonly proposed: number };
  /** Share of the proposed one's alarms that people could judge. */
  readonly support: number;
  /** Judgements that there are, and those of time that was not learnt from. */
  readonly judged: { readonly all: number; readonly heldOut: number };
}

const least = { support: 0.5, judged: 5, heldOut: 1 } as const;

export function railsOf(input: RailInput): readonly Rail[] {
  const { op, severity, present, proposed, step, newlyMissed, alarms, support, judged } = input;
  const isLoosened = isCrossedLess(op, present, proposed);
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  return [
    {
      name: 'page-severity',
      held: severity !== 'page' || !isLoosened,
      why:
        severity === 'page'
          ? `severity page may only be told of more: ${isLoosened ? 'this would tell of less' : 'it is'}`
          : `severity ${severity}`,
    },
    {
      name: 'no-new-miss',
      held: newlyMissed.length === 0,
      why:
        newlyMissed.length === 0
          ? 'every real incident that was told of would be told of'
          : `${newlyMissed.length} real incidents that were told of would not be: ${newlyMissed.slice(0, 5).join(', ')}`,
    },
    {
      name: 'not-silent',
      held: alarms.present === 0 || alarms.proposed > 0,
      why: `${alarms.proposed} alarms in all of the time, ${alarms.present} with the present threshold`,
    },
    {
      name: 'step',
      held: step.wanted <= step.most + 1e-9,
      why: `moves by ${percent(step.wanted)} of the range that was tried, at most ${percent(step.most)} at once`,
    },
    {
      name: 'support',
      held: alarms.proposed === 0 || support >= least.support,
      why: `${percent(support)} of its alarms are at times that people could judge, at least ${percent(least.support)}`,
    },
    {
      name: 'evidence',
      held: judged.all >= least.judged && judged.heldOut >= least.heldOut,
      why: `${judged.all} judgements, ${judged.heldOut} of them on time that was not learnt from; at least ${least.judged} and ${least.heldOut}`,
    },
  ];
}
