/**
 * How processes with nodes end: by themselves once everything is closed, and without a trace in those that go on.
 */

import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { connect, createNode } from '../../src/index.ts'
import { EventLog, HANGS_MS, peersOf, startMesh, startNode, until, within } from '../support/mesh.ts'
import { NodeProcess } from '../support/node-processes.ts'

// An extra certificate file costs every start of Node 100 ms.
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env
/** Ends a test that hangs, in milliseconds: how soon a machine starts and ends processes is not what is tested. */
const ENDS_MS = 2 * HANGS_MS
const library = new URL('../../src/index.js', import.meta.url).href

/** Runs a program of its own that has `library`, `peers` and the names of the library at hand; gives its end. */
async function run(t: ExecutionContext, peers: unknown, program: string): Promise<string> {
  const source = `import { connect, createNode } from ${JSON.stringify(library)}
    const peers = ${JSON.stringify(peers)}
    ${program}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? ''))
  })
  return `${await within(ENDS_MS, ended, 'the process')} ${output}`
}

test('a process ends by itself once its node is closed, and the others hear its goodbye', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const bravo = await NodeProcess.start(t, { name: 'bravo', peers })
  await alpha.ready()
  const events = new EventLog(alpha)
  await bravo.order({ kind: 'close', options: {} })
  const closedAt = performance.now()
  t.is(await within(ENDS_MS, bravo.ended, 'the process'), 0)
  t.log(`ended ${(performance.now() - closedAt).toFixed(0)} ms after its close`)
  await events.first('peer:left bravo')
  t.is(events.count('peer:dead bravo'), 0)
})

test('a process ends by itself although a peer was never there, a request is pending and a reader reads', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const program = `
    const node = await createNode({ name: 'alpha', peers })
    node.request('bravo', 'x').catch((error) => console.log(error.code))
    const reading = (async () => { for await (const _ of node.events()); })()
    await node.close({ drain: 100 })
    await reading
    console.log('closed')`
  t.is(await run(t, peers, program), '0 CLOSED\nclosed\n')
})

test('a process ends by itself although a handler never does', async (t) => {
  const peers = await peersOf(['alpha'])
  const program = `
    const node = await createNode({ name: 'alpha', peers })
    node.handle('never', () => new Promise(() => {}))
    const client = await connect('alpha', { peers, timeout: 30000 })
    client.request('never').catch((error) => console.log(error.code))
    await client.ping()
    await client.close({ drain: 50 })
    await node.close({ drain: 50 })
    console.log('closed')`
  t.is(await run(t, peers, program), '0 CLOSED\nclosed\n')
})

test('a process ends by itself after a start that failed and a connect that failed', async (t) => {
  const { peers } = await startMesh(t, ['alpha'])
  const away = await peersOf(['bravo'])
  const program = `
    await createNode({ name: 'alpha', peers }).catch((error) => console.log(error.code))
    await connect('bravo', { peers: ${JSON.stringify(away)}, timeout: 50 }).catch((error) => console.log(error.code))`
  t.is(await run(t, peers, program), '0 ADDRESS_IN_USE\nNOT_SENT\n')
})

/** File descriptors of this process; 0 where the system does not tell. */
function descriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}

test('200 clients that come and go leave nothing behind, neither here nor at their node', async (t) => {
  const { alpha, peers } = await startMesh(t, ['alpha'])
  const cycle = async (): Promise<void> => {
    const client = await connect('alpha', { peers, timeout: HANGS_MS })
    await client.ping()
    await client.close()
  }
  for (let round = 0; round < 20; round += 1) await cycle()
  const before = descriptors()
  const resources = process.getActiveResourcesInfo().length
  for (let round = 0; round < 200; round += 1) await cycle()
  await until(() => descriptors() <= before + 20, 'the descriptors are given back')
  t.log(`${before} descriptors before, ${descriptors()} after; ${resources} resources before`)
  await until(() => process.getActiveResourcesInfo().length <= resources + 5, 'the handles are given back')
  t.is(alpha.status().counters.violations, 0)
})

test('50 nodes that start and close leave nothing behind', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const cycle = async (): Promise<void> => {
    const nodes = await Promise.all(['alpha', 'bravo'].map((name) => createNode({ name, peers })))
    await Promise.all(nodes.map((node) => node.ready()))
    await Promise.all(nodes.map((node) => node.close()))
  }
  for (let round = 0; round < 5; round += 1) await cycle()
  const before = descriptors()
  for (let round = 0; round < 25; round += 1) await cycle()
  await until(() => descriptors() <= before + 20, 'the descriptors are given back')
  t.log(`${before} descriptors before, ${descriptors()} after`)
  t.pass()
})
