/**
 * What a callee that answers nothing costs on the wire: in any ten seconds at most 1.1 requests for each that was made,
 * whatever keeps it from answering. Counted on the simulated wire, not by the caller.
 */

import test from 'ava'
import { CALM, type Simulation, simulate } from '../../src/sim/index.ts'

const WINDOW_MS = 10_000
const EVERY_MS = 10
const MAX_RATIO = 1.1
/** The outage lasts for several windows. */
const FROM_MS = 15_000
const UNTIL_MS = 50_000
const END_MS = 60_000

/** What bravo does with requests. */
interface Service {
  isMute: boolean
}

/** Everything that may keep bravo from answering, and the way back. */
const OUTAGES: Readonly<Record<string, (sim: Simulation, service: Service) => () => unknown>> = {
  'its handlers never end': (_, service) => {
    service.isMute = true
    return () => {
      service.isMute = false
    }
  },
  'the network is cut both ways': (sim) => {
    sim.partition(['alpha'], ['bravo'])
    return () => sim.heal()
  },
  'only answers are cut off': (sim) => {
    sim.cut('bravo', 'alpha')
    return () => sim.heal()
  },
  'only requests are cut off': (sim) => {
    sim.cut('alpha', 'bravo')
    return () => sim.heal()
  },
  'every message is lost': (sim) => {
    sim.setFaults({ ...CALM, loss: 1 })
    return () => sim.setFaults(CALM)
  },
  'its process is stopped': (sim) => {
    sim.pause('bravo')
    return () => sim.resume('bravo')
  },
  'its event loop is blocked': (sim) => {
    sim.stall('bravo', UNTIL_MS - FROM_MS)
    return () => undefined
  },
  'it is dead': (sim) => {
    sim.crash('bravo')
    return () => sim.restart('bravo')
  },
}

for (const [what, begin] of Object.entries(OUTAGES)) {
  test(`R14: in an outage the wire carries at most 1.1 times the load of any ten seconds, when ${what}`, async (t) => {
    const service: Service = { isMute: false }
    const setup: Parameters<typeof simulate>[0]['setup'] = (node) =>
      node.handle('work', (body) => (service.isMute ? new Promise(() => undefined) : body))
    const sim = await simulate({ seed: 4, nodes: ['alpha', 'bravo'], setup })
    t.teardown(() => sim.close())
    await sim.runUntil(() => sim.node('alpha').peers()[0]?.link === 'open', 5000)
    const offered: number[] = []
    const outcomes: string[] = []
    const askLater = (): void => {
      if (sim.now >= END_MS) return
      offered.push(sim.now)
      const options = { timeout: 500, retries: 3 }
      sim
        .node('alpha')
        .request('bravo', 'work', offered.length, options)
        .then(
          () => outcomes.push('reply'),
          (error) => outcomes.push(error.code),
        )
      sim.after(EVERY_MS, askLater, 'alpha')
    }
    sim.after(1, askLater, 'alpha')
    await sim.run(FROM_MS - sim.now)
    const end = begin(sim, service)
    await sim.run(UNTIL_MS - sim.now)
    await end()
    await sim.run(END_MS + 10_000 - sim.now)
    t.is(outcomes.length, offered.length, 'every request settled')
    t.true(outcomes.includes('TIMEOUT') || outcomes.includes('NOT_SENT'), 'the outage was felt')
    t.is(outcomes.at(-1), 'reply', 'and it was over in the end')
    const ratio = worstRatio(sentBy(sim.trace), offered)
    t.log(`${ratio} at worst`)
    t.true(ratio > 0 && ratio <= MAX_RATIO, `${ratio} requests on the wire for each that was made`)
  })
}

/** When alpha put a request on the wire, once for each, in virtual milliseconds. */
function sentBy(trace: readonly string[]): number[] {
  return trace.flatMap((line) => {
    if (!/^ *\d+ alpha +send /.test(line)) return []
    return Array.from(line.matchAll(/\brequest \d+>=\d+ /g), () => Number.parseInt(line, 10))
  })
}

/** Windows that begin in the outage, and end in it: what was made before it is still asked for in its first attempts. */
function worstRatio(sent: readonly number[], offered: readonly number[]): number {
  const countIn = (times: readonly number[], fromMs: number): number =>
    times.filter((atMs) => atMs >= fromMs && atMs < fromMs + WINDOW_MS).length
  let worst = 0
  for (let fromMs = FROM_MS; fromMs + WINDOW_MS <= UNTIL_MS; fromMs += 500)
    worst = Math.max(worst, countIn(sent, fromMs) / countIn(offered, fromMs))
  return worst
}
