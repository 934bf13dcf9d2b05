/**
 * The line that an operator reads.
 */

import test from 'ava'
import type { NodeStatus, PeerView } from '../../src/node/api.ts'
import { statusLine } from '../../src/node/status-line.ts'

function peer(name: string, changes: Partial<PeerView> = {}): PeerView {
  return {
    name,
    address: 'tcp://127.0.0.1:7000',
    state: 'alive',
    busy: false,
    hung: false,
    link: 'open',
    transport: 'tcp',
    rttMs: 1,
    incarnation: 1,
    lastSeenMs: 10,
    outages: { count: 0, longestMs: 0, totalMs: 0 },
    openMs: 1000,
    encrypted: false,
    proven: false,
    ...changes,
  }
}

function line(...peers: PeerView[]): string {
  const status: NodeStatus = {
    name: 'alpha',
    network: 'test',
    endpoint: 'tcp://127.0.0.1:7000',
    incarnation: 1,
    uptimeMs: 1000,
    peers,
    pending: 0,
    transfers: 0,
    counters: {
      sent: 10,
      received: 12,
      dropped: 3,
      framesSent: 4,
      framesReceived: 5,
      violations: 0,
      impostors: 0,
      retries: 0,
      resets: 0,
    },
  }
  return statusLine(status)
}

test('it says who is there and what went through', (t) => {
  t.is(
    line(peer('bravo'), peer('charlie', { state: 'dead', link: 'down' })),
    '1 of 2 peers online: bravo alive, charlie dead; sent 10, received 12, dropped 3; no outages',
  )
})

test('it says who is busy and whose link is not open', (t) => {
  const text = line(peer('bravo', { busy: true }), peer('charlie', { link: 'refused' }))
  t.true(text.startsWith('2 of 2 peers online: bravo alive (busy), charlie alive (link refused);'), text)
})

test('it says how well the links hold', (t) => {
  const text = line(
    peer('bravo', { outages: { count: 1, longestMs: 1500, totalMs: 1500 } }),
    peer('charlie'),
    peer('delta', { outages: { count: 3, longestMs: 60_000, totalMs: 90_000 } }),
  )
  t.regex(text, /bravo 1 outage, longest 1\.5s, total 1\.5s; delta 3 outages, longest 1m, total /)
  t.notRegex(text, /charlie \d/)
})

test('a node without peers has a line as well', (t) => {
  t.is(line(), '0 of 0 peers online; sent 10, received 12, dropped 3; no outages')
})
