/** In each process that runs tests, before them: Node 24 to 26 compute with 256-bit SIMD, as the command does there. */
import { enableWideSimd } from '#platform';

enableWideSimd();
