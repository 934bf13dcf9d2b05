/**
 * Sees file descriptors run out before they have, and tells so: each connection takes one, and strangers who only connect
 * can take them all for as long as a handshake may last.
 *
 * That is more than a nuisance. libzmq 4.3.5 goes on when its tcp listener is refused a descriptor, but its ipc listener
 * ends the whole process ("Too many open files (ipc_listener.cpp:297)"). So the transport takes its shortcut away while few are
 * left, which ends the links on it and brings them back over tcp, and offers none at all where the limit is low.
 *
 * A new descriptor has the lowest number that is free. So one that is opened and closed again tells how many are in use, at a
 * cost that does not grow with them.
 */

import { closeSync, openSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'

/** Below this limit there are too few descriptors to be warned in time. */
export const MIN_DESCRIPTORS_FOR_IPC = 1024

/** Few are left when less than this part of the limit is free. */
const RESERVE_PART = 1 / 4

/** How often is looked where the reserve is near: a flood must take all of it in this time to come unseen. */
const LOOK_MS = 200
/** How often at least, however far it is: an idle node is hardly ever woken by this. */
const SELDOM_MS = 2000
/** No flood takes more in a millisecond: libzmq accepts connections in one thread, one after the other. */
const MOST_PER_MS = 20

/** The soft limit of this process, which Node.js raises to the hard one at its start; Infinity where it cannot be told. */
export function descriptorLimit(limits: () => string = readLimits): number {
  try {
    const limit = Number(/^Max open files\s+(\d+)/m.exec(limits())?.[1])
    return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit
  } catch {
    // Only Linux has this file. Elsewhere the end is seen when it is there.
    return Number.POSITIVE_INFINITY
  }
}

function readLimits(): string {
  return readFileSync('/proc/self/limits', 'utf8')
}

/** The number that the next descriptor would have; Infinity when there is none to be had. */
export function nextDescriptor(open: () => number = () => openSync(devNull, 'r')): number {
  try {
    const number = open()
    closeSync(number)
    return number
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // Any other fault says nothing about how many there are.
    return code === 'EMFILE' || code === 'ENFILE' ? Number.POSITIVE_INFINITY : 0
  }
}

/** Where descriptors are counted. */
export interface Descriptors {
  limit(): number
  /** The number that the next one would have; Infinity when there is none to be had. */
  next(): number
}

/** What a watch needs. */
export interface DescriptorWatchOptions {
  readonly limit: number
  readonly next: () => number
  /** Few are left, or enough again; told once for each change. */
  readonly changed: (isScarce: boolean) => void
  /** Does `task` after so many milliseconds, unless what it gives is called before. Default: a timer that keeps no process alive. */
  readonly later?: ((ms: number, task: () => void) => () => void) | undefined
}

function afterTime(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms).unref()
  return () => clearTimeout(timer)
}

/** Looks again and again, for as long as it is not ended. It keeps no process alive. */
export class DescriptorWatch {
  readonly #options: DescriptorWatchOptions
  #cancel = (): void => {}
  #isScarce = false
  #isEnded = false

  /** What was told last. */
  get isScarce(): boolean {
    return this.#isScarce
  }

  constructor(options: DescriptorWatchOptions) {
    this.#options = options
    this.#lookAfter(LOOK_MS)
  }

  /** Gives after how many milliseconds it is to be looked again. */
  look(): number {
    const { limit, next, changed } = this.#options
    const number = next()
    const hasNone = number === Number.POSITIVE_INFINITY
    const left = hasNone ? Number.NEGATIVE_INFINITY : limit * (1 - RESERVE_PART) - number
    const isScarce = left < 0
    if (isScarce !== this.#isScarce) {
      this.#isScarce = isScarce
      changed(isScarce)
    }
    return Math.max(LOOK_MS, Math.min(SELDOM_MS, left / MOST_PER_MS))
  }

  #lookAfter(ms: number): void {
    // Whoever was told of a change may have ended it.
    if (this.#isEnded) return
    const { later = afterTime } = this.#options
    this.#cancel = later(ms, () => this.#lookAfter(this.look()))
  }

  end(): void {
    this.#isEnded = true
    this.#cancel()
  }
}
