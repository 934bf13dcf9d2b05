/**
 * One line that tells an operator how a node is: who is there, what went through, how well the links hold.
 */

import { formatDuration } from '../discovery/duration.ts'
import type { NodeStatus, PeerView } from './api.ts'

/** The line, for example "2 of 2 peers online: bravo alive, charlie alive; sent 10, received 12, dropped 0; no outages". */
export function statusLine(status: NodeStatus): string {
  const { peers, counters } = status
  const online = peers.filter((peer) => peer.state === 'alive').length
  const who = peers.length === 0 ? '' : `: ${peers.map(describePeer).join(', ')}`
  const traffic = `sent ${counters.sent}, received ${counters.received}, dropped ${counters.dropped}`
  return `${online} of ${peers.length} peers online${who}; ${traffic}; ${describeOutages(peers)}`
}

function describePeer(peer: PeerView): string {
  const busy = peer.hung ? ' (hung)' : peer.busy ? ' (busy)' : ''
  const link = peer.state === 'alive' && peer.link !== 'open' ? ` (link ${peer.link})` : ''
  return `${peer.name} ${peer.state}${busy}${link}`
}

function describeOutages(peers: readonly PeerView[]): string {
  const broken = peers.filter((peer) => peer.outages.count > 0)
  if (broken.length === 0) return 'no outages'
  const each = broken.map(({ name, outages: { count, longestMs, totalMs } }) => {
    const times = count === 1 ? '1 outage' : `${count} outages`
    return `${name} ${times}, longest ${formatDuration(longestMs)}, total ${formatDuration(totalMs)}`
  })
  return each.join('; ')
}
