/**
 * Jobs for a worker that stops in the middle and comes back: node examples/job-worker.js
 *
 * A job that is safe to run twice says so with `idempotent`, and then survives the restart of its worker. A job that is
 * not gets an honest error instead: the outcome is unknown, and `safeToRetry` is false.
 */

import { createNode, ZmqnetError } from 'zmqnet'
import { freePort } from './free-port.js'

const peers = {
  tickMs: 100,
  peers: [
    { name: 'dispatcher', address: `127.0.0.1:${await freePort()}` },
    { name: 'worker', address: `127.0.0.1:${await freePort()}` },
  ],
}

/** Starts the worker. In its first life it stops while two jobs run, and does not wait for them. */
async function startWorker(life) {
  const worker = await createNode({ name: 'worker', peers })
  let jobs = 0
  worker.handle('resize', ({ image }) => {
    if (life > 1) return `${image} is resized (worker's life ${life})`
    jobs += 1
    if (jobs === 2) void worker.close({ drain: 0 })
    return new Promise(() => {})
  })
  return worker
}

const dispatcher = await createNode({ name: 'dispatcher', peers })
const first = await startWorker(1)
await dispatcher.ready()

const repeatable = dispatcher.request('worker', 'resize', { image: 'cat.png' }, { idempotent: true })
const unique = dispatcher.request('worker', 'resize', { image: 'dog.png' })
const results = Promise.allSettled([repeatable, unique])

for await (const event of dispatcher.events()) {
  if (event.kind === 'peer:left' || event.kind === 'peer:dead') break
}
await first.close()
const second = await startWorker(2)

for (const result of await results) {
  if (result.status === 'fulfilled') console.log(result.value)
  else if (result.reason instanceof ZmqnetError) {
    const { code, outcome, safeToRetry } = result.reason
    console.log(`${code}: the outcome is ${outcome}, ${safeToRetry ? 'safe' : 'not safe'} to retry`)
  }
}
await Promise.all([dispatcher.close(), second.close()])
