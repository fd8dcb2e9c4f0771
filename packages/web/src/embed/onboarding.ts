/** `tarsier-onboarding`, with what it needs: `import '@tarsier/web/onboarding'`. */
import { TarsierOnboarding } from '../elements/tarsier-onboarding/tarsier-onboarding.ts';
import { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from '../register.ts';

defineInPage([
  ['tarsier-provider', TarsierProvider],
  ['tarsier-onboarding', TarsierOnboarding],
]);

export { TarsierOnboarding, TarsierProvider };
