// `npm test`: the checks of `npm run check`, then every test. Arguments go to vitest.
import { check, runSteps } from './check.mjs';

check();
runSteps([['vitest', 'run', ...process.argv.slice(2)]]);
