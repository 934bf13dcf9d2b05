/**
 * How long `zmqnet send` takes from start to exit, beside the shortest that Node.js can take: `node -e 0`. The two are
 * run in turns, so that both meet the same noise.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Places } from './sides.ts'

const COMMAND = fileURLToPath(new URL('../../bin/zmqnet.js', import.meta.url))

/** Wall times in milliseconds, one for each run. */
export interface CommandTimes {
  readonly nothingMs: readonly number[]
  readonly sendMs: readonly number[]
}

/** Sends to the node "one" of a mesh that runs. Throws when the command does not exit with 0. */
export function timeCommand(places: Places, runs: number): CommandTimes {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-bench-'))
  try {
    const path = join(folder, 'peers.json')
    writeFileSync(path, JSON.stringify({ peers: places.nodes.map(asPeer) }))
    const nothingMs: number[] = []
    const sendMs: number[] = []
    for (let run = 0; run < runs; run += 1) {
      nothingMs.push(wallMs(['-e', '0']))
      sendMs.push(wallMs([COMMAND, '-p', path, 'send', '-n', 'one', 'this is a test message']))
    }
    return { nothingMs, sendMs }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function asPeer({ name, address }: Places['nodes'][number], index: number) {
  const [host, port] = address.split(':')
  return { pid: index + 1, name, ip_address: host, port: Number(port) }
}

function wallMs(args: readonly string[]): number {
  const env = { ...process.env }
  // Node.js reads these certificates at every start, which nothing here needs.
  delete env.NODE_EXTRA_CA_CERTS
  const startedAt = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return performance.now() - startedAt
}
