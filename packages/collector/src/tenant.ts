/** A tenant's number; small, never reused. */
export type TenantId = number;

/** The first tenant, whose owners run the installation for all others. */
export const homeTenant = 'default';

/** A condition on a label; the metric's name is the label `__name__`, and one that a series lacks is the empty text. */
export interface LabelTest {
  readonly label: string;
  /** The one value that passes, where there is only one. */
  readonly equals?: string | undefined;
  readonly passes: (value: string) => boolean;
}

/** Whose rows a call may touch: the first argument of everything that reads or writes tenant data. */
export interface TenantScope {
  readonly tenantId: TenantId;
  /** The tenant's name, for messages and the live `welcome`. */
  readonly tenant: string;
  /** The only series that may be seen: those that pass all tests of one of these; absent: all of the tenant's. */
  readonly view?: readonly (readonly LabelTest[])[];
}

/** Whether a series may be seen. @param labels  `host` included */
export function sees(
  { view }: { readonly view?: TenantScope['view'] | undefined },
  { name, labels }: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  const valueOf = (label: string): string =>
    label === '__name__' ? name : ((Object.hasOwn(labels, label) ? labels[label] : undefined) ?? '');
  return view === undefined || view.some((tests) => tests.every(({ label, passes }) => passes(valueOf(label))));
}
