/**
 * Keeps a log readable: the same warning comes at once the first time, then at most once in a while, and says how many
 * were held back. What is the same is decided by a key. All keys together have a limit too, because strangers can make
 * as many of them as they like.
 */

/** The shortest time between two warnings with one key, in milliseconds. */
const EVERY_MS = 30_000
/** Keys that are remembered; beyond it the oldest is forgotten, and may warn again. */
const MAX_KEYS = 1024
/** Warnings of all keys in that time. */
const MAX_LINES = 100

/** The warnings of one node. */
export class Warnings {
  readonly #write: (text: string) => void
  readonly #keys = new Map<string, { at: number; heldBack: number }>()
  #windowAt = Number.NEGATIVE_INFINITY
  #lines = 0
  #heldBack = 0

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  warn(now: number, key: string, text: string): void {
    const known = this.#keys.get(key)
    if (known !== undefined && now - known.at < EVERY_MS) {
      known.heldBack += 1
      return
    }
    if (!this.#hasRoom(now)) {
      this.#heldBack += 1
      return
    }
    const heldBack = (known?.heldBack ?? 0) + this.#heldBack
    this.#heldBack = 0
    this.#keys.delete(key)
    this.#keys.set(key, { at: now, heldBack: 0 })
    if (this.#keys.size > MAX_KEYS) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest)
        break
      }
    }
    this.#write(heldBack === 0 ? text : `${text} (${heldBack} more were held back)`)
  }

  #hasRoom(now: number): boolean {
    if (now - this.#windowAt >= EVERY_MS) {
      this.#windowAt = now
      this.#lines = 0
    }
    this.#lines += 1
    return this.#lines <= MAX_LINES
  }
}
