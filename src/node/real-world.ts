/**
 * The real world: the clock of this process, chance, and ZeroMQ. The only place where nodes meet them.
 */

import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { zmqTransport } from '../transport/zmq.ts'
import { MAX_FRAME_BYTES } from '../wire/limits.ts'
import { openNursery } from './nursery.ts'
import type { World } from './world.ts'

/** Longer timers overflow in Node.js and fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** One for all nodes of a process: they share its heap. */
const nursery = openNursery(globalThis.gc)

/** A world of its own for each node: the alarm belongs to one driver. */
export function realWorld(): World {
  return {
    clock: realClock(),
    random: realRandom(),
    transport: zmqTransport({ maxFrameBytes: MAX_FRAME_BYTES }),
    nursery,
  }
}

function realClock(): Clock {
  let timer: NodeJS.Timeout | undefined
  let armedAt = Number.POSITIVE_INFINITY
  let alarmAt = Number.POSITIVE_INFINITY
  let ring = (): void => {}
  const now = (): number => Math.floor(performance.now())
  const arm = (): void => {
    // A timer that fires too early costs one idle turn; setting it anew for each change would cost more.
    if (alarmAt >= armedAt) return
    clearTimeout(timer)
    armedAt = alarmAt
    timer = setTimeout(fire, Math.min(Math.max(0, alarmAt - performance.now()), MAX_TIMER_MS))
  }
  const fire = (): void => {
    armedAt = Number.POSITIVE_INFINITY
    if (now() >= alarmAt) {
      alarmAt = Number.POSITIVE_INFINITY
      ring()
    }
    arm()
  }
  return {
    now,
    preciseNow: () => performance.now(),
    wallNow: () => Date.now(),
    setAlarm: (at, callback) => {
      alarmAt = at
      ring = callback
      if (at === Number.POSITIVE_INFINITY) {
        clearTimeout(timer)
        armedAt = at
      } else {
        arm()
      }
    },
    defer: (task) => {
      setImmediate(task)
    },
  }
}

/** Chance for jitter and names. Nothing secret depends on it. */
function realRandom(): Random {
  return {
    next: Math.random,
    below: (bound) => Math.floor(Math.random() * bound),
  }
}
