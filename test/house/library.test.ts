/**
 * The library as it is published: the bundles of dist/library, imported by the names that package.json gives them, are
 * the library that the other tests know. All other tests import what tsc compiled.
 */

import test from 'ava'

const NAMES: readonly string[] = ['zmqnet', 'zmqnet/sim']
const COMPILED: readonly string[] = ['../../src/index.js', '../../src/sim/index.js']

for (const [index, name] of NAMES.entries()) {
  test(`${name} has the names of its source`, async (t) => {
    const published = (await import(name)) as Record<string, unknown>
    const compiled = (await import(COMPILED[index] ?? '')) as Record<string, unknown>
    t.true(Object.keys(published).length > 1)
    t.deepEqual(Object.keys(published).sort(), Object.keys(compiled).sort())
  })
}

test('an error in the simulator is an error of the library, for they share their code', async (t) => {
  const { ZmqnetError } = (await import(NAMES[0] ?? '')) as typeof import('../../src/index.ts')
  const { simulate } = (await import(NAMES[1] ?? '')) as typeof import('../../src/sim/index.ts')
  const cluster = await simulate({ seed: 1, nodes: ['alpha', 'bravo'] })
  t.teardown(() => cluster[Symbol.asyncDispose]())
  const refused = cluster.node('alpha').request('bravo', 'nothing')
  const error = await cluster.settle(
    refused.then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  )
  t.true(error instanceof ZmqnetError)
  t.is((error as { code?: string }).code, 'UNKNOWN_VERB')
})
