/**
 * A peer that stops reading, in a process of its own that is stopped: what waits for it is bounded and told, and the others
 * are served as before.
 */

import test from 'ava'
import type { Node, NodeEvent } from '../../src/index.ts'
import { EventLog, peersOf, startNode, until } from '../support/mesh.ts'
import { NodeProcess } from '../support/node-processes.ts'

type SlowEvent = Extract<NodeEvent, { kind: 'peer:slow' }>

/** Sends or asks without waiting until one is refused. */
async function pour(alpha: Node, kind: 'send' | 'request', body: Buffer): Promise<void> {
  let isFull = false
  for (let poured = 1; !isFull; poured += 1) {
    const outcome: Promise<unknown> = alpha[kind]('bravo', 'note', body, { timeout: 60_000 })
    outcome.catch(() => {
      isFull = true
    })
    // The refusal of a promise is heard in a later turn.
    if (poured % 64 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** With what is filled nearly all of the total; requests with large bodies have a bound of their own, of 8 MiB (R21). */
const POURED = [
  ['send', 64],
  ['send', 4096],
  ['send', 262_144],
  ['request', 64],
] as const

for (const [kind, sizeBytes] of POURED) {
  // One after the other: what is poured must be there long before the reader, which is silent, is given up.
  test.serial(
    `O15, L19: a reader that is stopped costs at most 16 MiB, each ${kind} with ${sizeBytes} bytes, and is slow`,
    async (t) => {
      const peers = await peersOf(['alpha', 'bravo', 'charlie'])
      // Its patience with silence is four times the usual one; that with a queue does not depend on it.
      const alpha = await startNode(t, { name: 'alpha', peers, tick: 2000 })
      const charlie = await startNode(t, { name: 'charlie', peers })
      charlie.handle('echo', (body) => body)
      const bravo = await NodeProcess.start(t, { name: 'bravo', peers })
      await alpha.ready()
      const events = new EventLog(alpha)
      await alpha.request('bravo', 'who')
      bravo.signal('SIGSTOP')
      t.teardown(() => bravo.signal('SIGCONT'))
      const stoppedAt = performance.now()
      await pour(alpha, kind, Buffer.alloc(sizeBytes, 7))
      // What libzmq took is among the pending: its receipt is missing.
      const heldBytes = alpha.status().pending * (sizeBytes + 1024)
      t.true(heldBytes <= 16 * 1024 * 1024, `${heldBytes} bytes`)
      t.true(heldBytes > 12 * 1024 * 1024, `${heldBytes} bytes`)
      const slow = (await events.first('peer:slow bravo')) as SlowEvent
      t.log(
        `slow after ${(performance.now() - stoppedAt).toFixed(0)} ms with ${slow.queuedBytes} bytes in the queue`,
      )
      t.true(slow.slow)
      t.true(slow.queuedBytes > 0)
      t.is(events.count('peer:dead bravo'), 0, 'long before its heartbeats are missed')
      t.is(await alpha.request('charlie', 'echo', 'beside', { retries: 0 }), 'beside')
      bravo.signal('SIGCONT')
      await until(
        () => events.seen.some((event) => event.kind === 'peer:slow' && !event.slow),
        'slow no more',
      )
      await until(() => alpha.status().pending === 0, 'every message has its outcome', 15_000)
    },
  )
}
