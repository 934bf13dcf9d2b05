/** The other ordeals of scenarios.ts, for some dozens of seeds each. */

import { testSeeds } from './seed-range.ts'

testSeeds('shuffled', 0, 30)
testSeeds('trouble', 0, 60)
testSeeds('havoc', 0, 40)
testSeeds('narrow', 0, 20)
testSeeds('neighbours', 0, 40)
testSeeds('guarded', 0, 20)
testSeeds('storm', 0, 40)
testSeeds('crowded', 0, 4)

// A peer that restarted while it was silent was never again busy. Ten thousand seeds found it once.
testSeeds('neighbours', 101_526, 101_527)

// A late Hello took the session of a newer connection, whose proof was then one for another connection.
testSeeds('guarded', 313, 314)

// A clock that jumped ended the drain of a node, whose handler ran on: the judge took that for a leak.
testSeeds('guarded', 8197, 8198)
