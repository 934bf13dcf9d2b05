/** Three nodes under 20 % loss and duplication for a virtual minute: seeds 100 to 199. */

import { testSeeds } from './seed-range.ts'

testSeeds('lossy', 100, 200)
