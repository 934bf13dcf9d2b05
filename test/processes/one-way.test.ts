/**
 * A network that carries packets one way only, between real hosts: network namespaces with a router that drops. Where there can
 * be none, for want of root, the tests say so and are over.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { cleanEnvironment } from '../support/environment.ts'
import { HANGS_MS, until, within } from '../support/mesh.ts'
import { Namespaces } from '../support/namespaces.ts'
import { NodeProcess } from '../support/node-processes.ts'

const PORT = 7000
const START_MS = 2 * HANGS_MS
const PROGRAM = fileURLToPath(new URL('../../../bin/zmqnet.js', import.meta.url))

interface World {
  readonly network: Namespaces
  readonly node: (name: string) => NodeProcess
  /** Runs `zmqnet status` on a host of its own; gives what it writes. */
  status(...options: string[]): Promise<string>
}

/** A node on each host, all of them linked; undefined where that cannot be. */
async function startWorld(t: ExecutionContext, names: readonly string[]): Promise<World | undefined> {
  const obstacle = Namespaces.obstacle()
  if (obstacle !== undefined) {
    t.log(`skipped: ${obstacle}`)
    t.pass()
    return undefined
  }
  const network = Namespaces.open([...names, 'user'])
  t.teardown(() => network.end())
  const peers = { peers: names.map((name) => ({ name, address: `${network.addressOf(name)}:${PORT}` })) }
  const nodes = new Map<string, NodeProcess>()
  for (const name of names)
    nodes.set(name, await NodeProcess.start(t, { name, peers, insecure: true }, network.prefixOf(name)))
  const node = (name: string): NodeProcess => nodes.get(name) as NodeProcess
  await Promise.all(names.map((name) => node(name).order({ kind: 'ready', timeoutMs: START_MS })))
  // They start one after the other: until a peer is there, it is truly dead. From here on, all of them live.
  for (const name of names) node(name).events.length = 0
  const folder = await mkdtemp(join(tmpdir(), 'zmqnet-one-way-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const path = join(folder, 'peers.json')
  await writeFile(path, JSON.stringify(peers))
  const status = async (...options: string[]): Promise<string> => {
    const [command = '', ...prefix] = network.prefixOf('user')
    const args = [...prefix, process.execPath, PROGRAM, '-p', path, 'status', ...options]
    const child = spawn(command, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    await within(20_000, once(child, 'close'), 'zmqnet status')
    return out
  }
  return { network, node, status }
}

/** Waits until the node says so of a peer, as its events tell. */
function told(node: NodeProcess, kind: string, peer: string): Promise<boolean> {
  return until(
    () => node.events.some((event) => event.kind === kind && 'peer' in event && event.peer === peer),
    `${kind} ${peer}`,
    10_000,
  )
}

function deaths(node: NodeProcess): string[] {
  return node.events.flatMap((event) => (event.kind === 'peer:dead' ? [event.peer] : []))
}

test('when only one of two can dial the other, both live, and the matrix shows who sees whom', async (t) => {
  const world = await startWorld(t, ['alpha', 'bravo'])
  if (world === undefined) return
  const { network, node, status } = world
  // A firewall before alpha: nothing passes that belongs to a connection which bravo has dialled.
  network.cut({ from: 'bravo', to: 'alpha', toPort: PORT })
  await told(node('bravo'), 'link:down', 'alpha')
  const { nodes, oneWay } = JSON.parse(await status('--json'))
  t.like(nodes[0].status.peers[0], { name: 'bravo', state: 'alive', link: 'open' })
  t.like(nodes[1].status.peers[0], { name: 'alpha', state: 'alive', link: 'down' })
  t.deepEqual(oneWay, [{ sees: 'alpha', seen: 'bravo' }])
  t.regex(await status(), /^alpha sees bravo, bravo does not see alpha \(link down\)$/m)
  // Who sees can ask; who does not is told the truth.
  const who = { kind: 'request', verb: 'who', body: undefined } as const
  t.like(await node('alpha').order({ ...who, peer: 'bravo' }), { name: 'bravo' })
  const options = { timeout: 300, retries: 0 }
  await t.throwsAsync(node('bravo').order({ ...who, peer: 'alpha', options }), { code: 'NOT_SENT' })
  network.mend({ from: 'bravo', to: 'alpha', toPort: PORT })
  await node('bravo').order({ kind: 'ready', timeoutMs: 15_000 })
  t.deepEqual([deaths(node('alpha')), deaths(node('bravo'))], [[], []])
  t.deepEqual(JSON.parse(await status('--json')).oneWay, [])
})

test('packets that are lost one way end both links, and nobody else is concerned', async (t) => {
  const world = await startWorld(t, ['alpha', 'bravo', 'charlie'])
  if (world === undefined) return
  const { network, node, status } = world
  network.cut({ from: 'alpha', to: 'bravo' })
  // No answer of tcp comes back either way, so that there is no link in any direction.
  await Promise.all([told(node('alpha'), 'peer:dead', 'bravo'), told(node('bravo'), 'peer:dead', 'alpha')])
  const { ok, nodes } = JSON.parse(await status('--json'))
  t.false(ok)
  const states = nodes.map((each: { status: { peers: { name: string; state: string }[] } }) =>
    each.status.peers.map(({ name, state }) => `${name} ${state}`),
  )
  t.deepEqual(states, [
    ['bravo dead', 'charlie alive'],
    ['alpha dead', 'charlie alive'],
    ['alpha alive', 'bravo alive'],
  ])
  network.mend({ from: 'alpha', to: 'bravo' })
  await Promise.all(['alpha', 'bravo'].map((name) => node(name).order({ kind: 'ready', timeoutMs: 15_000 })))
  t.deepEqual(
    [deaths(node('alpha')), deaths(node('bravo')), deaths(node('charlie'))],
    [['bravo'], ['alpha'], []],
  )
})
