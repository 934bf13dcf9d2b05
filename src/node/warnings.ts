/**
 * Keeps a log readable: the same warning comes at once the first time, then at most once in a while, and says how many
 * were held back. What is the same is decided by a key.
 */

/** The shortest time between two warnings with one key, in milliseconds. */
const EVERY_MS = 30_000
/** Keys that are remembered; beyond it the oldest is forgotten, and may warn again. */
const MAX_KEYS = 1024

/** The warnings of one node. */
export class Warnings {
  readonly #write: (text: string) => void
  readonly #keys = new Map<string, { at: number; heldBack: number }>()

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  warn(now: number, key: string, text: string): void {
    const known = this.#keys.get(key)
    if (known !== undefined && now - known.at < EVERY_MS) {
      known.heldBack += 1
      return
    }
    const heldBack =
      known === undefined || known.heldBack === 0 ? '' : ` (${known.heldBack} more were held back)`
    this.#keys.delete(key)
    this.#keys.set(key, { at: now, heldBack: 0 })
    if (this.#keys.size > MAX_KEYS) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest)
        break
      }
    }
    this.#write(`${text}${heldBack}`)
  }
}
