/** Runs before the tests in each process: enables 256-bit SIMD on Node 24 to 26, as the command line does. */
import { enableWideSimd } from '#platform';

enableWideSimd();
