/** Three nodes under 20 % loss and duplication for a virtual minute: seeds 0 to 99. */

import { testSeeds } from './seed-range.ts'

testSeeds('lossy', 0, 100)
