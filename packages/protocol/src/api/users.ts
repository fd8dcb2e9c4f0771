import { z } from 'zod';

/** What a user may do in a tenant, from the most to the least. */
export const roles = ['owner', 'admin', 'editor', 'on-call', 'viewer'] as const;
export type Role = (typeof roles)[number];
export const roleSchema = z.enum(roles);
