/**
 * What the hot path makes for each message: the promise that the caller gets, and no other. A second one for each
 * request (an async function in between was enough) chained what was done with to what was to come, so that half of it
 * outlived every young collection and the client needed three times the CPU.
 */

import { createHook } from 'node:async_hooks'
import test from 'ava'
import { peersOf, startClient, startMesh, startNode } from '../support/mesh.ts'

const COUNT = 1000

/** What the frames that carry a thousand messages may cost, and the machinery of the wait for all of them. */
const REST = COUNT / 4

/** How many promises are made while `work` makes its own `COUNT` and they are fulfilled. */
async function promisesOf(work: () => Promise<unknown>[]): Promise<number> {
  let count = 0
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE') count += 1
    },
  })
  hook.enable()
  const promises = work()
  let left = promises.length
  // Not Promise.all, which makes promises of its own.
  await new Promise<void>((resolve, reject) => {
    const done = (): void => {
      left -= 1
      if (left === 0) resolve()
    }
    for (const promise of promises) promise.then(done, reject)
  })
  hook.disable()
  // Each `then` above makes one as well.
  return count - promises.length
}

test.serial('a request of a client makes one promise', async (t) => {
  const peers = await peersOf(['alpha'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  alpha.handle('echo', (body) => body)
  const client = await startClient(t, 'alpha', { peers })
  await client.request('echo', 0)
  const made = await promisesOf(() =>
    Array.from({ length: COUNT }, (_, index) => client.request('echo', index)),
  )
  t.true(made >= COUNT, `${made} promises, at least one for each request`)
  t.true(made < COUNT + REST, `${made} promises for ${COUNT} requests`)
})

test.serial('a request and a one-way message of a node make one promise each', async (t) => {
  const mesh = await startMesh(t, ['alpha', 'bravo'])
  mesh.bravo.handle('echo', (body) => body)
  const requests = await promisesOf(() => {
    return Array.from({ length: COUNT }, (_, index) => mesh.alpha.request('bravo', 'echo', index))
  })
  t.true(requests >= COUNT && requests < COUNT + REST, `${requests} promises for ${COUNT} requests`)
  const sends = await promisesOf(() => {
    return Array.from({ length: COUNT }, (_, index) => mesh.alpha.send('bravo', 'echo', index))
  })
  t.true(sends >= COUNT && sends < COUNT + REST, `${sends} promises for ${COUNT} messages`)
})
