/**
 * scripts/cluster with real processes: all start and see each other, all end together, a death is told, and a port that
 * is taken is named. It stands beside the house rules because it tests a script and not a part of src.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { type ExecutionContext } from 'ava'

const NAMES = ['alpha', 'bravo', 'charlie']
const DEADLINE_MS = 20_000

interface Event {
  readonly event: string
  readonly node?: string
  readonly pid?: number
  readonly code?: number | null
  readonly signal?: string | null
  readonly expected?: boolean
}

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

/** A peers file with three ports that were free just now; those servers are kept that `keep` names. */
async function peersFile(
  t: ExecutionContext,
  keep: readonly string[] = [],
): Promise<{ path: string; ports: readonly number[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-cluster-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const sockets = await Promise.all(NAMES.map(listening))
  for (const [index, { server }] of sockets.entries()) {
    if (keep.includes(NAMES[index] ?? '')) t.teardown(() => server.close())
    else await new Promise((resolve) => server.close(resolve))
  }
  const peers = NAMES.map((name, index) => ({ name, ip_address: '127.0.0.1', port: sockets[index]?.port }))
  const path = join(folder, 'peers.json')
  writeFileSync(path, JSON.stringify({ tick: '100ms', peers }))
  return { path, ports: sockets.map((socket) => socket.port) }
}

/** A running scripts/cluster, with what it told so far. */
class Run {
  readonly events: Event[] = []
  readonly exited: Promise<number | null>
  stderr = ''
  readonly #child: ChildProcess
  #wake: () => void = () => undefined

  constructor(t: ExecutionContext, path: string, ...args: readonly string[]) {
    const env = { ...process.env, PEERS_PATH: path }
    this.#child = spawn(process.execPath, ['scripts/cluster', '--json', '--quiet', ...args], {
      env,
      stdio: 'pipe',
    })
    this.exited = once(this.#child, 'close').then(([code]) => code as number | null)
    this.#child.stderr?.on('data', (text) => {
      this.stderr += String(text)
    })
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.events.push(JSON.parse(line) as Event)
      this.#wake()
    })
    t.teardown(async () => {
      this.#child.kill('SIGTERM')
      await this.exited
    })
  }

  /** Waits until it has told an event that fits. */
  async heard(fits: (event: Event) => boolean): Promise<Event> {
    const late = once(AbortSignal.timeout(DEADLINE_MS), 'abort').then(() => true)
    for (;;) {
      const found = this.events.find(fits)
      if (found !== undefined) return found
      const woken = new Promise<boolean>((resolve) => {
        this.#wake = () => resolve(false)
      })
      if (await Promise.race([late, woken])) {
        throw new Error(`Not told in time; it told ${JSON.stringify(this.events)} ${this.stderr}`)
      }
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** How each node ended, by name. */
  exits(): Record<string, string> {
    const exits = this.events.filter(({ event }) => event === 'exited')
    return Object.fromEntries(
      exits.map(({ node, code, signal, expected }) => [node, `${code ?? signal} ${expected}`]),
    )
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.serial('all nodes start, see each other, and end together at one signal', async (t) => {
  const { path } = await peersFile(t)
  const run = new Run(t, path, '--ready')
  await run.heard(({ event }) => event === 'ready')
  const pids = run.events.flatMap(({ event, pid }) =>
    event === 'listening' && pid !== undefined ? [pid] : [],
  )
  t.is(pids.length, 3)
  t.true(pids.every(isAlive))
  run.signal('SIGTERM')
  t.is(await run.exited, 0, run.stderr)
  t.deepEqual(run.exits(), { alpha: '0 true', bravo: '0 true', charlie: '0 true' })
  t.false(pids.some(isAlive))
})

test.serial('a node that dies is told, the others go on, and the exit code is 1', async (t) => {
  const { path } = await peersFile(t)
  const run = new Run(t, path, '--ready')
  await run.heard(({ event }) => event === 'ready')
  const { pid } = await run.heard(({ event, node }) => event === 'listening' && node === 'bravo')
  process.kill(pid as number, 'SIGKILL')
  await run.heard(({ event, node }) => event === 'exited' && node === 'bravo')
  run.signal('SIGINT')
  t.is(await run.exited, 1, run.stderr)
  t.deepEqual(run.exits(), { alpha: '0 true', bravo: 'SIGKILL false', charlie: '0 true' })
})

test.serial(
  'arguments after -- reach each node: all end by themselves when their uptime is over',
  async (t) => {
    const { path } = await peersFile(t)
    const run = new Run(t, path, '--', '--uptime', '300ms')
    t.is(await run.exited, 0, run.stderr)
    t.deepEqual(run.exits(), { alpha: '0 true', bravo: '0 true', charlie: '0 true' })
  },
)

test.serial('a taken port ends all with code 2, and the message names the node and the port', async (t) => {
  const { path, ports } = await peersFile(t, ['bravo'])
  const run = new Run(t, path)
  t.is(await run.exited, 2)
  t.regex(run.stderr, new RegExp(`bravo ended with code 2:\\n.*127\\.0\\.0\\.1:${ports[1]}.*in use`))
})

test.serial(
  'npm start -- --secure makes keys of its own, runs encrypted, and takes the keys along',
  async (t) => {
    const { path } = await peersFile(t)
    const before = readFileSync(path, 'utf8')
    const folder = mkdtempSync(join(tmpdir(), 'zmqnet-start-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const env = { ...process.env, PEERS_PATH: path, TMPDIR: folder, NO_COLOR: '1' }
    const child = spawn(process.execPath, ['scripts/start.js', '--secure', '--once'], { env, stdio: 'pipe' })
    const exited = once(child, 'close')
    t.teardown(async () => {
      child.kill('SIGTERM')
      await exited
    })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += String(text)))
    t.is((await exited)[0], 0, out)
    t.regex(out, /passed it on to 2 of 2 peers/)
    t.regex(out, /6 of 6 links encrypted and proven/)
    t.deepEqual(readdirSync(folder), [])
    t.is(readFileSync(path, 'utf8'), before)
  },
)

test.serial('a wrong peers file and a wrong option end with code 2 and one clear message', async (t) => {
  const wrong = new Run(t, 'no-such-file.json')
  t.is(await wrong.exited, 2)
  t.regex(wrong.stderr, /^cluster: The peers file "no-such-file\.json" does not exist; looked in /)
  const option = new Run(t, 'peers.json', '--fast')
  t.is(await option.exited, 2)
  t.regex(option.stderr, /^cluster: Unknown option '--fast'/)
})
