/** The drills pass good nodes and convict those that are deaf, blind or silent: each with a planted fault. */

import test from 'ava'
import type { Node } from '../../src/node/api.ts'
import { startNode } from '../../src/node/node.ts'
import type { NodeSettings, World } from '../../src/node/world.ts'
import { brokenProtocol, drill } from '../../src/sim/drills.ts'
import { simulate } from '../../src/sim/simulate.ts'

/** What the drills say of nodes whose methods are replaced as `fake` says, by methods that get the real node. */
async function faultsWith(fake: Readonly<Record<string, (node: Node) => unknown>>): Promise<string[]> {
  const start = async (settings: NodeSettings, world: World): Promise<Node> => {
    const node = await startNode(settings, world)
    const get = (target: Node, key: string): unknown => {
      const method = fake[key]
      if (method !== undefined) return () => method(target)
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    }
    return new Proxy(node, { get: (target, key) => get(target, String(key)) })
  }
  await using simulation = await simulate({ seed: 5, nodes: ['alpha', 'bravo', 'charlie'], startNode: start })
  await simulation.run(3000)
  return await drill(simulation)
}

test('good nodes pass all drills', async (t) => {
  t.deepEqual(await faultsWith({}), [])
})

const deaf = (): Promise<never> => Promise.reject(new Error('it is deaf'))

for (const [what, fake, fault] of [
  ['requests fail', { request: deaf }, 'drill: alpha asks bravo after the fire: it is deaf'],
  ['one-way messages fail', { send: deaf }, 'drill: alpha tells bravo after the fire: it is deaf'],
  [
    'broadcasts expect nobody',
    { broadcast: () => Promise.resolve({ ok: true, expected: 0, acked: [], missing: [], ms: 0 }) },
    'drill: alpha calls all after the fire: 0 of 0 acked, wanted were 2',
  ],
  [
    'peers are not seen',
    { peers: () => [] },
    'drill: alpha sees charlie as busy while it stalls: it is not so',
  ],
  [
    'retries have no budget',
    {
      status: (node: Node) => {
        const status = node.status()
        return { ...status, counters: { ...status.counters, retries: status.uptimeMs } }
      },
    },
    /^drill: 30 requests to a silent callee cost \d+ retries: it is not so$/,
  ],
] as const) {
  test(`nodes are convicted when ${what}`, async (t) => {
    const faults = await faultsWith(fake)
    t.true(
      faults.some((line) => (typeof fault === 'string' ? line === fault : fault.test(line))),
      faults.join('\n'),
    )
  })
}

test('who breaks the protocol is convicted, but for a stranger without Hello and a refusal', (t) => {
  const event = '   10 alpha    event violation connection=bravo text='
  t.deepEqual(
    brokenProtocol([
      `${event}it broke the protocol: A beat came in before Hello`,
      `${event}bravo was refused (closing: "bravo" is closing)`,
      `${event}it broke the protocol: "bravo" sent a reply to nothing`,
    ]),
    [`nobody breaks the protocol: ${event.trim()}it broke the protocol: "bravo" sent a reply to nothing`],
  )
})
