/**
 * The total of one peer: what counts, what does not, and that it comes back to nothing.
 */

import test from 'ava'
import { DEFAULT_PEER_BYTES, PeerTotal, RECORD_BYTES } from '../../src/base/peer-total.ts'

test('O15: each operation counts its body and a record, a large body only the record', (t) => {
  const total = new PeerTotal(10 * RECORD_BYTES, 5000)
  total.add(1000)
  t.is(total.bytes, RECORD_BYTES + 1000)
  total.add(5000)
  t.is(total.bytes, 2 * RECORD_BYTES + 1000)
  t.true(total.hasRoom(4999))
  t.false(new PeerTotal(4999).hasRoom(4999))
  total.remove(5000)
  total.remove(1000)
  t.is(total.bytes, 0)
  t.throws(() => total.remove(1), { message: /only what was added/ })
})

test('O15: by default 16,384 operations without bodies fill it', (t) => {
  const total = new PeerTotal()
  let count = 0
  for (; total.hasRoom(0); count += 1) total.add(0)
  t.is(count, 16_384)
  t.is(total.bytes, DEFAULT_PEER_BYTES)
  t.is(total.maxBytes, DEFAULT_PEER_BYTES)
})
