/**
 * What a node does that is asked for five times what it can do: how many answers still come in time, whether anything begins
 * after its deadline, and how soon all is as before. The capacity is measured first, in the same run.
 *
 * Usage: node dist/bench/overload.js [--seconds N]
 */

import { parseArgs } from 'node:util'
import { type Loaded, OverloadRig } from '../test/support/overload.ts'
import { runProgram, wholeNumber } from './program.ts'

const BUSY_MS = 1
const IN_FLIGHT = 16
const CAPACITY_MS = 3000
/** A share of the capacity that a healthy node serves without a queue. */
const HEALTHY_LOAD = 0.7
const RECOVERY_MS = 5000
const DEADLINE_MS = 1000

const HELP = `Usage: node dist/bench/overload.js [--seconds N]

Asks a node for five times what it can do.

  --seconds N   how long, without retries and with three (default 10)
`

await runProgram({
  name: 'overload',
  help: HELP,
  parse: (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: { seconds: { type: 'string', default: '10' } },
    })
    return wholeNumber('seconds', values.seconds, 3600)
  },
  run: overload,
})

async function overload(seconds: number): Promise<void> {
  const rig = await OverloadRig.start()
  try {
    await rig.capacity(BUSY_MS, IN_FLIGHT, 500)
    const peak = await rig.capacity(BUSY_MS, IN_FLIGHT, CAPACITY_MS)
    say(`capacity: ${peak.toFixed(0)} answers/s, handlers busy for ${BUSY_MS} ms, ${IN_FLIGHT} under way`)
    for (const retries of [0, 3]) {
      const load = { busyMs: BUSY_MS, deadlineMs: DEADLINE_MS, retries }
      const over = await rig.offer({ ...load, perSecond: 5 * peak, forMs: seconds * 1000 })
      describe(`5 times the capacity, ${retries} retries`, over, seconds, peak)
      const after = await rig.offer({ ...load, perSecond: HEALTHY_LOAD * peak, forMs: RECOVERY_MS })
      describe(`right after it, ${HEALTHY_LOAD} times the capacity`, after, RECOVERY_MS / 1000, peak)
    }
  } finally {
    await rig.close()
  }
}

function describe(what: string, loaded: Loaded, forSeconds: number, peak: number): void {
  const { offered, replies, errors, begun, begunLate, latestMs, repliesBySecond, settledLateMs } = loaded
  // What comes after the last request was made, while the patience of callers lasts, is not what a second gives.
  const goodput = repliesBySecond.slice(0, forSeconds).reduce((sum, count) => sum + count, 0) / forSeconds
  const others = Object.entries(errors).map(([code, count]) => `, ${code} ${count}`)
  say(`${what}: ${(offered / forSeconds).toFixed(0)} requests/s offered`)
  say(
    `  goodput   ${goodput.toFixed(0)} answers/s in time, ${((100 * goodput) / peak).toFixed(0)} % of the capacity`,
  )
  say(`  by second ${repliesBySecond.join(' ')}`)
  say(
    `  ends      ${replies} replies${others.join('')}; at most ${settledLateMs.toFixed(0)} ms after the deadline`,
  )
  say(
    `  handlers  ${begun} begun, ${begunLate} of them after the deadline, by ${latestMs.toFixed(1)} ms at most`,
  )
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
