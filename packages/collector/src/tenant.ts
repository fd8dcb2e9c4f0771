/** A tenant's number; small, never reused. */
export type TenantId = number;

/** Whose rows a call may touch: the first argument of everything that reads or writes tenant data. */
export interface TenantScope {
  readonly tenantId: TenantId;
  /** The tenant's name, for messages and the live `welcome`. */
  readonly tenant: string;
}
