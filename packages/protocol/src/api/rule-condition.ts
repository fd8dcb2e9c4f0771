import { z } from 'zod';

/** A condition over other rules, each by its name or its id: it holds while an alert of the rule fires. */
export type RuleCondition =
  | { readonly rule: string }
  | { readonly all: readonly RuleCondition[] }
  | { readonly any: readonly RuleCondition[] }
  | { readonly not: RuleCondition };

const mostLevels = 6;
const mostParts = 20;

const leaf: z.ZodType<RuleCondition> = z.strictObject({ rule: z.string().min(1).max(200) });

/** As deep as it may be and no deeper, so that what comes from outside can not exhaust the stack. */
export const ruleConditionSchema = Array.from({ length: mostLevels - 1 }).reduce<z.ZodType<RuleCondition>>(
  (inner, _, level) =>
    z
      .union(
        [
          leaf,
          z.strictObject({ all: z.array(inner).min(1).max(mostParts) }),
          z.strictObject({ any: z.array(inner).min(1).max(mostParts) }),
          z.strictObject({ not: inner }),
        ],
        `expected {"rule": NAME}, {"all": […]}, {"any": […]} or {"not": …}, at most ${mostLevels} levels deep`,
      )
      .meta({ id: `RuleCondition${level + 1}` }),
  leaf,
);

/** @param fires  whether an alert of that rule does */
export function conditionHolds(condition: RuleCondition, fires: (rule: string) => boolean): boolean {
  if ('rule' in condition) return fires(condition.rule);
  if ('not' in condition) return !conditionHolds(condition.not, fires);
  return 'all' in condition
    ? condition.all.every((part) => conditionHolds(part, fires))
    : condition.any.some((part) => conditionHolds(part, fires));
}

/** The rules that a condition names. */
export function rulesOf(condition: RuleCondition): readonly string[] {
  if ('rule' in condition) return [condition.rule];
  if ('not' in condition) return rulesOf(condition.not);
  return ('all' in condition ? condition.all : condition.any).flatMap(rulesOf);
}
