/**
 * Starts every node of a peers file as a process of its own, with one prefixed log, and stops them together: the first
 * Ctrl-C lets them drain, a second one kills them. See --help. Other scripts import cluster-processes.js instead.
 */

import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ClusterError, describeExit, startCluster, stopOnSignals } from './cluster-processes.js'
import { prefixedLog } from './prefixed-log.js'

const HELP = `Usage: scripts/cluster [options] [-- arguments for each "zmqnet serve"]

Starts every node of a peers file as a process of its own. Ctrl-C stops all of them.

  -p, --peers PATH  the peers file (default: PEERS_PATH, else ./peers.json)
  --ready           say when each node sees all others alive; end with code 3 when that takes more than 15 s
  --json            one JSON object per line on stdout for what happens; the log goes to stderr
  --quiet           no log
  -h, --help        this text

Exit codes: 0 all nodes ended well, 1 a node died, 2 usage, configuration or a taken port, 3 not ready in time.

Example: PEERS_PATH=peers.json scripts/cluster --ready -- --log-level debug --uptime 1m
`

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof ClusterError)) throw error
  process.stderr.write(`cluster: ${error.message}\n`)
  process.exitCode = error.exitCode
}

async function main(argv) {
  const end = argv.indexOf('--')
  const options = readOptions(end < 0 ? argv : argv.slice(0, end))
  if (options.help) {
    process.stdout.write(HELP)
    return 0
  }
  if (!existsSync(new URL('../dist/src/index.js', import.meta.url))) {
    throw new ClusterError('zmqnet is not built yet: run "npm run build" first', 2)
  }
  const startedAt = performance.now()
  const sink = options.json ? process.stderr : process.stdout
  const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
  const say = (text) => sink.write(`cluster: ${text}\n`)
  let write
  const cluster = await startCluster({
    peersPath: options.peers,
    serveArgs: end < 0 ? [] : argv.slice(end + 1),
    listener: {
      start: (names) => {
        write = prefixedLog(names, sink)
      },
      log: (name, line) => options.quiet || write(name, line),
      event: (name, event) => options.json && tell({ node: name, ...event }),
      exit: (name, result) => {
        if (options.json) tell({ node: name, event: 'exited', ...result })
        else if (!options.quiet || !result.expected) say(describeExit(name, result))
      },
    },
    onMade: (made) => stopOnSignals(made, say),
  })
  if (options.ready) {
    try {
      await cluster.ready()
    } catch (error) {
      await cluster.stop()
      throw error
    }
    const ms = Math.round(performance.now() - startedAt)
    if (options.json) tell({ event: 'ready', nodes: cluster.names, ms })
    else process.stdout.write(`cluster: ready: ${cluster.names.length} nodes see each other after ${ms} ms\n`)
  }
  const results = await cluster.ended
  return results.every((result) => result.expected) ? 0 : 1
}

function readOptions(args) {
  try {
    return parseArgs({
      args,
      options: {
        peers: { type: 'string', short: 'p' },
        ready: { type: 'boolean' },
        json: { type: 'boolean' },
        quiet: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new ClusterError(`${error.message}\nSee: scripts/cluster --help`, 2)
  }
}
