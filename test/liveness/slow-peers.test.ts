/**
 * Who is slow: the rule for one connection by table, and the machine, which tells each episode once.
 */

import test from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import { SLOW_MS, SLOW_OVER_MS, type SlowEvent, SlowPeers, Wait } from '../../src/liveness/slow-peers.ts'

const LINK = 1 as ConnectionId
const SESSION = 2 as ConnectionId

function scene(): { peers: SlowPeers; told: SlowEvent[]; look: (now: number, ...since: number[]) => void } {
  const told: SlowEvent[] = []
  const peers = new SlowPeers((event) => told.push(event))
  const look = (now: number, ...since: number[]): void => {
    const waiting = since.map((each, index) => ({
      connection: [LINK, SESSION][index] as ConnectionId,
      since: each,
      queuedBytes: 100 * (index + 1),
    }))
    peers.look(now, waiting, () => 'bravo')
  }
  return { peers, told, look }
}

test('L19: a connection is slow from the look at which a frame has waited half a second', (t) => {
  const table: readonly (readonly [now: number, since: number, isSlow: boolean])[] = [
    [0, 0, false],
    [SLOW_MS - 1, 0, false],
    [SLOW_MS, 0, true],
    // Frames move again, but not for long enough to call it over.
    [SLOW_MS + 200, SLOW_MS + 100, true],
    [SLOW_MS + SLOW_OVER_MS - 1, SLOW_MS + SLOW_OVER_MS - 100, true],
    [SLOW_MS + SLOW_OVER_MS, SLOW_MS + SLOW_OVER_MS - 100, false],
    [3000, 2500, true],
  ]
  const wait = new Wait()
  for (const [now, since, isSlow] of table) {
    wait.look(now, since)
    t.is(wait.isSlow, isSlow, `at ${now}, waiting since ${since}`)
  }
})

test('L19: an episode is told when it begins and when it is over, each once', (t) => {
  const { peers, told, look } = scene()
  t.true(peers.isIdle)
  for (let now = 0; now <= 2000; now += 200) look(now, 0)
  t.deepEqual(told, [{ kind: 'peer-slow', peer: 'bravo', slow: true, queuedBytes: 100 }])
  t.false(peers.isIdle)
  look(2200)
  look(2400)
  t.deepEqual(told.slice(1), [{ kind: 'peer-slow', peer: 'bravo', slow: false, queuedBytes: 0 }])
  t.true(peers.isIdle, 'nothing is kept of a queue in which nothing waits')
})

test('L19: a peer is slow as long as one of its connections is, and its bytes are those of the slow ones', (t) => {
  const { told, look } = scene()
  look(0, 0, 0)
  look(600, 0, 0)
  t.deepEqual(told, [{ kind: 'peer-slow', peer: 'bravo', slow: true, queuedBytes: 300 }])
  look(700, 0)
  t.is(told.length, 1)
  look(800)
  t.is(told.length, 2)
})

test('L19: a connection of which nobody has said who it is is nobody', (t) => {
  const told: SlowEvent[] = []
  const peers = new SlowPeers((event) => told.push(event))
  const waiting = [{ connection: LINK, since: 0, queuedBytes: 1 }]
  peers.look(1000, waiting, () => undefined)
  t.deepEqual([told, peers.isIdle], [[], true])
})
