/** Planted faults in how large bodies travel. */

import type { Mutant } from './mutant.ts'

const WHOLE = 'src/transfer/whole.ts'
const TRANSFERS = 'src/transfer/transfers.ts'

export const TRANSFER_MUTANTS: readonly Mutant[] = [
  {
    name: 'large bodies go whole whatever else is sent',
    clause: 'T22',
    file: WHOLE,
    find: 'if (way !== undefined) way.quickInRow = 0\n',
    replace: '',
  },
  {
    name: 'whole bodies stand in line without end',
    clause: 'T22',
    file: WHOLE,
    find: ' || way.away.length >= MAX_AWAY) return false',
    replace: ') return false',
  },
  {
    name: 'a whole reply is never settled',
    clause: 'T22',
    file: WHOLE,
    find: "kind !== 'reply' || sequence >= floor",
    replace: 'true',
  },
  {
    name: 'a slow connection gets whole bodies',
    clause: 'T22',
    file: WHOLE,
    find: 'way.quickInRow = isQuick ?',
    replace: 'way.quickInRow = isQuick || true ?',
  },
  {
    name: 'what is sent again goes whole',
    clause: 'T22',
    file: TRANSFERS,
    find: 'if (isAgain || this.outgoing.has(connection, message)) return false\n',
    replace: '',
  },
]
