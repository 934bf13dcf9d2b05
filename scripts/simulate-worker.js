/**
 * One process of `npm run simulate`: plays the seeds that it is sent, one after the other, and sends back what came of each.
 * It ends when its parent does, and leaves Ctrl-C to it.
 */

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { resultOf } from '../dist/src/sim/campaign.js'
import { runScenario } from '../dist/src/sim/index.js'

process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))

let last = Promise.resolve()
process.on('message', (task) => {
  last = last.then(() => play(task))
})

async function play({ scenario, seed, node, hash = false }) {
  const parts =
    node === undefined ? {} : { startNode: (await import(pathToFileURL(resolve(node)))).startNode }
  const verdict = await runScenario(scenario, seed, parts)
  const traceHash = hash ? { hash: verdict.simulation.traceHash() } : {}
  if (process.connected) process.send({ ...resultOf(verdict), ...traceHash })
}
