/** Two processes of one name, of which the first is too busy to defend it. */

import test, { type ExecutionContext } from 'ava'
import {
  EventLog,
  freePorts,
  HANGS_MS,
  local,
  peersOf,
  portOf,
  rerouted,
  startNode,
} from '../support/mesh.ts'
import { NodeProcess } from '../support/node-processes.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

test('S11: a node whose loop is blocked for seconds keeps its name', (t) => keepsItsName(t, false))

test('S11: also one that has no session just then', (t) => keepsItsName(t, true))

async function keepsItsName(t: ExecutionContext, losesItsSession: boolean): Promise<void> {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  // The link of bravo to alpha leads through the proxy, the one of alpha to bravo does not.
  const proxy = await TcpProxy.start(t, portOf(peers, 'alpha'))
  const first = await NodeProcess.start(t, {
    name: 'bravo',
    peers: rerouted(peers, { alpha: proxy.address }),
    bind: local(portOf(peers, 'bravo')),
  })
  await Promise.all([alpha.ready(HANGS_MS), first.order({ kind: 'ready', timeoutMs: HANGS_MS })])
  const events = new EventLog(alpha)
  const blocked = await first.hold()
  if (losesItsSession) proxy.cut()
  const [port] = await freePorts(1)
  const second = await startNode(t, { name: 'bravo', peers: rerouted(peers, { bravo: local(port) }) })
  const refused = await new EventLog(second).first('link:refused alpha')
  t.like(refused, { reason: 'name-taken' })
  first.release()
  await blocked.over
  t.like(await alpha.request('bravo', 'who'), { pid: first.pid })
  t.is(events.count('peer:restarted bravo'), 0)
}
