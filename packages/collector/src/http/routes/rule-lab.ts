import type { RuleLab } from '../../alert/lab/rule-lab.ts';
import type { Api } from '../api/call.ts';

/** `POST /v1/rule-lab`: what a rule would have told in the past. It changes nothing, so those who read may ask. */
export function ruleLabRoutes(api: Api, { ruleLab }: { readonly ruleLab: RuleLab }): void {
  api.on('POST /v1/rule-lab', ({ tenant, body }) => ruleLab.try(tenant, body));
}
