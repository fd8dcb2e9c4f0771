/** Before each test file: a property that fails is shrunk until its test's time is nearly over, not beyond. */
import fc from 'fast-check';

fc.configureGlobal({ interruptAfterTimeLimit: 45_000 });
