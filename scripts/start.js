/**
 * The first thing that anybody runs: `npm start`. It starts the nodes of ./peers.json (or PEERS_PATH) as processes, waits
 * until each sees the others alive, sends a message through one of them as a client would, shows who acked and what
 * every node thinks of every other, and keeps the cluster running until Ctrl-C.
 *
 * `npm start -- --once` stops after that, and exits with 0 only if every expected peer acked. `npm start -- --secure` runs
 * the same cluster in secure mode: with a copy of the peers file and new keys in a folder of its own, which goes when it ends.
 */

import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClusterError, describeExit, loadConfig, startCluster, stopOnSignals } from './cluster-processes.js'
import { painter, prefixedLog } from './prefixed-log.js'

const PROGRAM = fileURLToPath(new URL('../bin/zmqnet.js', import.meta.url))
const GIVEN_PATH = process.env.PEERS_PATH || './peers.json'
const TEXT = 'this is a test message'
/** The one who sends in secure mode. */
const CLIENT = 'ops'
/** The exit code when a signal came before the work was done. */
const STOPPED = 130

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

const paint = painter(process.stdout)

const options = process.argv.slice(2)
if (options.some((option) => option !== '--once' && option !== '--secure')) {
  say('Usage: npm start [-- --once] [--secure]')
  process.exitCode = 2
} else {
  try {
    const once = options.includes('--once')
    process.exitCode = options.includes('--secure') ? await secure(once) : await main(GIVEN_PATH, once)
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error.exitCode
  }
}

/** Makes keys for all members and a client, then does the same with them. */
async function secure(once) {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-secure-'))
  // However this process ends: the private keys do not stay behind.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const giveUp = () => process.exit(STOPPED)
  for (const signal of SIGNALS) process.on(signal, giveUp)
  // A key that the environment names is not one of these.
  delete process.env.ZMQNET_KEY
  const path = join(folder, 'peers.json')
  const names = (await loadConfig(GIVEN_PATH)).peers.map(({ name }) => name)
  copyFileSync(GIVEN_PATH, path)
  say(`Making keys in ${folder}`)
  const made = await zmqnetAll(path, [
    ...names.map((name) => ['keys', 'new', '-n', name]),
    ['keys', 'new', '-n', CLIENT, '--client'],
    ['keys', 'trust', path],
  ])
  // From here on, the cluster is stopped first.
  for (const signal of SIGNALS) process.off(signal, giveUp)
  return made === 0 ? await main(path, once) : made
}

/** Gives 0 when all have done what they should, else the exit code of the first that has not. */
async function zmqnetAll(path, lines) {
  for (const line of lines) {
    const code = await zmqnet(path, ...line)
    if (code !== 0) return code
  }
  say('')
  return 0
}

async function main(peersPath, once) {
  const startedAt = performance.now()
  // What the nodes log while they start is of interest only if something goes wrong; afterwards it is the show.
  let write = () => undefined
  let names = []
  let isUp = false
  const cluster = await startCluster({
    peersPath,
    listener: {
      start: (all) => {
        names = all
        say(`Starting ${listOf(names)} from ${peersPath}`)
      },
      log: (name, line) => write(name, line),
      // A node that cannot even start is told about by the error that ends everything.
      exit: (name, result) => result.expected || !isUp || say(paint('red', describeExit(name, result))),
    },
    onMade: (made) => stopOnSignals(made, (text) => say(`${text.charAt(0).toUpperCase()}${text.slice(1)}`)),
  })
  isUp = true
  for (const { name, endpoint, pid } of cluster.members) {
    say(`  ${paint('bold', name.padEnd(longest(names)))}  ${endpoint}  ${paint('dim', `process ${pid}`)}`)
  }
  try {
    await cluster.ready()
    say(`All see each other alive, ${Math.round(performance.now() - startedAt)} ms after the start`)
    const target = names.includes('bravo') ? 'bravo' : names[0]
    const sent = await zmqnet(peersPath, 'send', '-n', target, TEXT)
    if (!cluster.stopping) await zmqnet(peersPath, 'status')
    if (cluster.stopping) return STOPPED
    if (once) return sent
    say('')
    say('The cluster runs on, and its log follows. Send more from another terminal, such as:')
    const file = peersPath === GIVEN_PATH ? '' : ` -p ${peersPath}`
    say(paint('bold', `  npx zmqnet${file} send -n ${target} "hello"`))
    say('Ctrl-C stops it.')
    say('')
    write = prefixedLog(names, process.stdout)
    const results = await cluster.ended
    return results.every((result) => result.expected) ? 0 : 1
  } finally {
    if (!cluster.stopping) await cluster.stop()
    await cluster.ended
  }
}

/** Runs the command as a person would, and gives its exit code. */
async function zmqnet(peersPath, ...args) {
  say('')
  say(paint('dim', `$ zmqnet ${args.map((arg) => (arg.includes(' ') ? `"${arg}"` : arg)).join(' ')}`))
  const env = { ...process.env, PEERS_PATH: peersPath }
  delete env.NODE_EXTRA_CA_CERTS
  const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: 'inherit' })
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? STOPPED))
  })
}

function listOf(names) {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

function longest(names) {
  return Math.max(...names.map((name) => name.length))
}

function say(text) {
  process.stdout.write(`${text}\n`)
}
