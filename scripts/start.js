/**
 * The first thing that anybody runs: `npm start`. It starts the nodes of ./peers.json (or PEERS_PATH) as processes, waits
 * until each sees the others alive, sends a message through one of them as a client would, shows who acked and what
 * every node thinks of every other, and keeps the cluster running until Ctrl-C.
 *
 * `npm start -- --once` stops after that, and exits with 0 only if every expected peer acked.
 */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ClusterError, describeExit, startCluster, stopOnSignals } from './cluster-processes.js'
import { painter, prefixedLog } from './prefixed-log.js'

const PROGRAM = fileURLToPath(new URL('../bin/zmqnet.js', import.meta.url))
const PEERS_PATH = process.env.PEERS_PATH || './peers.json'
const TEXT = 'this is a test message'
/** The exit code when a signal came before the work was done. */
const STOPPED = 130

const paint = painter(process.stdout)

const [option, ...rest] = process.argv.slice(2)
if (rest.length > 0 || (option !== undefined && option !== '--once')) {
  say('Usage: npm start [-- --once]')
  process.exitCode = 2
} else {
  try {
    process.exitCode = await main(option === '--once')
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error.exitCode
  }
}

async function main(once) {
  const startedAt = performance.now()
  // What the nodes log while they start is of interest only if something goes wrong; afterwards it is the show.
  let write = () => undefined
  let names = []
  let isUp = false
  const cluster = await startCluster({
    peersPath: PEERS_PATH,
    listener: {
      start: (all) => {
        names = all
        say(`Starting ${listOf(names)} from ${PEERS_PATH}`)
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
    const sent = await zmqnet('send', '-n', target, TEXT)
    if (!cluster.stopping) await zmqnet('status')
    if (cluster.stopping) return STOPPED
    if (once) return sent
    say('')
    say('The cluster runs on, and its log follows. Send more from another terminal, such as:')
    say(paint('bold', `  npx zmqnet send -n ${target} "hello"`))
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
async function zmqnet(...args) {
  say('')
  say(paint('dim', `$ zmqnet ${args.map((arg) => (arg.includes(' ') ? `"${arg}"` : arg)).join(' ')}`))
  const env = { ...process.env, PEERS_PATH }
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
