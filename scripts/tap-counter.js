/**
 * Counts the results in a TAP stream and passes on what is worth reading: the failures with their details, nothing of
 * what passed. It does not check the plan: a stream that breaks off is told by the exit code of whoever wrote it.
 */

/** Fed with pieces of text, it keeps `passed` and `failed` up to date. */
export class TapCounter {
  passed = 0
  failed = 0
  #rest = ''
  #inFailure = false
  #write

  /** `write` gets the lines that belong to failures. */
  constructor(write) {
    this.#write = write
  }

  push(text) {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#line(line)
  }

  end() {
    if (this.#rest !== '') this.#line(this.#rest)
    this.#rest = ''
  }

  #line(line) {
    const result = /^(not )?ok \d+/.exec(line)
    if (result !== null) this.#inFailure = this.#count(line, result[1] !== undefined)
    else if (/^(\d+\.\.\d+|# |Bail out!)/.test(line)) this.#inFailure = false
    if (this.#inFailure) this.#write(`${line}\n`)
  }

  /** Gives whether it is a failure. What is skipped or still to do neither passed nor failed. */
  #count(line, not) {
    if (/ # (SKIP|TODO)\b/.test(line)) return false
    if (not) this.failed += 1
    else this.passed += 1
    return not
  }
}
