/**
 * How long `zmqnet send` takes from start to exit, beside the shortest that Node.js can take: `node -e 0`. The two are
 * run in turns, so that both meet the same noise. The mesh has three nodes and all defaults.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Figures } from './figures.ts'
import { TITLES } from './targets.ts'
import { Team } from './team.ts'
import { peersOf } from './zmqnet-side.ts'

/** What a user runs. */
const COMMAND = fileURLToPath(new URL('../../bin/zmqnet.js', import.meta.url))
/** Two runs of each before the first that counts: the files are in the cache of the system then. */
const WARM_UPS = 2
const LIMIT_MS = 20_000

/** Sends to a node of a mesh that runs. Throws when the command does not exit with 0. */
export async function timeCommand(figures: Figures, runs: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-bench-'))
  const mesh = await Team.start('zmqnet-same-host', 2, [])
  try {
    const path = join(folder, 'peers.json')
    writeFileSync(path, JSON.stringify(peersOf(mesh.places)))
    for (let run = -WARM_UPS; run < runs; run += 1) {
      const nothingMs = await wallMs(['-e', '0'])
      const sendMs = await wallMs([COMMAND, '-p', path, 'send', '-n', 'server-1', 'this is a test message'])
      if (run < 0) continue
      figures.add(TITLES.nothing, 'ms', 'zmqnet-tcp', nothingMs)
      figures.add(TITLES.send, 'ms', 'zmqnet-tcp', sendMs)
    }
  } finally {
    await mesh.end()
    rmSync(folder, { recursive: true })
  }
}

/** Not spawnSync: it would hold up the pipes to the workers for as long. */
async function wallMs(args: readonly string[]): Promise<number> {
  const env = { ...process.env }
  // Node.js reads these certificates at every start, which nothing here needs.
  delete env.NODE_EXTRA_CA_CERTS
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: LIMIT_MS })
  let stderr = ''
  child.stderr.on('data', (text) => {
    stderr += String(text)
  })
  const [code, signal] = await once(child, 'exit')
  const tookMs = performance.now() - startedAt
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${signal ?? code}: ${stderr}`)
  return tookMs
}
