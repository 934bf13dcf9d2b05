/** The short form of `bench:liveness --faults calm`: processes that compete with others for every core call nobody dead. */

import test from 'ava'
import { measureCalm } from '../../../bench/liveness/calm.ts'
import { spawnZmqnet } from '../../../bench/liveness/party.ts'

test('five nodes under full load of all cores call nobody dead', async (t) => {
  const row = await measureCalm({
    side: 'zmqnet',
    spawn: spawnZmqnet,
    nodes: 5,
    seconds: 3,
    say: (text) => t.log(text),
  })
  t.true(row.hogs > 0)
  t.is(row.dead, 0)
})
