/** Two processes of one name, of which the first is too busy to defend it. */

import test from 'ava'
import { EventLog, freePorts, local, peersOf, rerouted, startNode, until } from '../support/mesh.ts'
import { NodeProcess } from '../support/node-processes.ts'

test('S11: a node whose loop is blocked for seconds keeps its name', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const first = await NodeProcess.start(t, { name: 'bravo', peers })
  await alpha.ready()
  const events = new EventLog(alpha)
  const blocked = first.order({ kind: 'block', blockMs: 3000 })
  await until(() => first.isBlocking, 'bravo is blocked')
  const [port] = await freePorts(1)
  const second = await startNode(t, { name: 'bravo', peers: rerouted(peers, { bravo: local(port) }) })
  const refused = await new EventLog(second).first('link:refused alpha')
  t.like(refused, { reason: 'name-taken' })
  await blocked
  t.like(await alpha.request('bravo', 'who'), { pid: first.pid })
  t.is(events.count('peer:restarted bravo'), 0)
})
