/**
 * What a node shows of its peers: one plain record for each, made when it is asked for.
 */

import type { PeerConfig, PeerView } from './api.ts'
import type { Core } from './core.ts'

/** The views of `peers` at `now`, in their order. */
export function peerViews(core: Core, peers: readonly PeerConfig[], now: number): PeerView[] {
  const views: PeerView[] = []
  for (const { name, address } of peers) {
    const route = core.outreach.routes.get(name)
    if (route === undefined) continue
    const { link, outages } = route
    const life = core.detector.get(name)
    views.push({
      name,
      address,
      state: life.state,
      busy: life.busy,
      hung: life.isHung,
      // Which way it will come up is of no interest to who looks: nothing is said on it yet.
      link: link.state === 'moving' ? 'greeting' : link.state,
      transport: link.openCarrier,
      rttMs: core.outreach.heart.rttMs(link.connection),
      incarnation: life.incarnation,
      lastSeenMs: life.heardAt === undefined ? undefined : now - life.heardAt,
      outages: outages.summary(now),
      openMs: outages.openMs(now),
      encrypted: core.isSecure && link.state === 'open',
      proven: link.isProven,
    })
  }
  return views
}
