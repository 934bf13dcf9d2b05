/**
 * What happened, line by line: time, who, what. Equal seeds give equal traces, byte for byte, which is how a test
 * shows that a run is repeatable, and how a person finds out what went wrong.
 *
 * Lines are rendered when they are read: a run whose trace nobody reads does not pay for decoding its messages.
 */

import { createHash } from 'node:crypto'

/** Longer traces keep their beginning: 2 million lines of about 100 bytes. A virtual minute of three nodes has 10^4. */
const MAX_TRACE_LINES = 2_000_000

interface Entry {
  readonly atMs: number
  readonly who: string
  readonly what: string | (() => string)
}

/** The recorded lines of one simulation. */
export class Trace {
  readonly #entries: Entry[] = []
  #lost = 0

  /** Adds a line. A function is called when the line is read, and must then give what was true when it was added. */
  add(atMs: number, who: string, what: string | (() => string)): void {
    if (this.#entries.length < MAX_TRACE_LINES) this.#entries.push({ atMs, who, what })
    else this.#lost += 1
  }

  /** All lines, as text. */
  lines(): string[] {
    const lines = this.#entries.map(render)
    if (this.#lost > 0) lines.push(`... and ${this.#lost} lines that had no room`)
    return lines
  }

  /** The SHA-256 of all lines, in hexadecimal. */
  hash(): string {
    const hash = createHash('sha256')
    for (const line of this.lines()) hash.update(line).update('\n')
    return hash.digest('hex')
  }
}

function render(entry: Entry): string {
  const what = typeof entry.what === 'string' ? entry.what : entry.what()
  return `${String(entry.atMs).padStart(7)} ${entry.who.padEnd(8)} ${what}`
}
