/**
 * Finds where a text stops being JSON, by line and column, and says what was expected there. JSON.parse knows it too,
 * but tells it in words that differ between versions of Node.js, and often without a position.
 *
 * It runs only on texts that JSON.parse has refused. It builds no values.
 */

export interface JsonFault {
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1, in UTF-16 units, as editors do. */
  readonly column: number
  readonly message: string
}

/** Configuration is flat; what is nested deeper than this is no configuration. */
const MAX_DEPTH = 64

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a text
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const WORD = /true|false|null/y
const SPACE = /[ \t\r\n]*/y

/** The first fault of `text`, or undefined when it is JSON. */
export function jsonFault(text: string): JsonFault | undefined {
  const scan = new Scan(text)
  const message = scan.value(0) ?? scan.end()
  if (message === undefined) return undefined
  const before = text.slice(0, scan.offset).split('\n')
  return {
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
    message: `${message}, ${scan.found()}`,
  }
}

/** One walk over a text. Its methods give what was expected where the walk got stuck, or undefined when it went on. */
class Scan {
  offset = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): string | undefined {
    this.#take(SPACE)
    if (depth > MAX_DEPTH) return `expected at most ${MAX_DEPTH} levels`
    const next = this.#text[this.offset]
    if (next === '{') return this.#list('}', 'an object', () => this.#field(depth))
    if (next === '[') return this.#list(']', 'a list', () => this.value(depth + 1))
    if (next === '"') return this.#string()
    return this.#take(NUMBER) || this.#take(WORD) ? undefined : 'expected a value'
  }

  end(): string | undefined {
    this.#take(SPACE)
    return this.offset === this.#text.length ? undefined : 'expected the end of the file'
  }

  /** What stands where the walk got stuck. */
  found(): string {
    if (this.offset >= this.#text.length) return 'found the end of the file'
    const rest = this.#text.slice(this.offset, this.offset + 20)
    if (rest.startsWith('//') || rest.startsWith('/*')) return 'found a comment, which JSON does not have'
    const word = /^[\w.+-]+/.exec(rest)?.[0] ?? String.fromCodePoint(rest.codePointAt(0) ?? 0)
    return `found ${JSON.stringify(word)}`
  }

  #list(close: string, what: string, item: () => string | undefined): string | undefined {
    this.offset += 1
    this.#take(SPACE)
    if (this.#text[this.offset] === close) return this.#step()
    for (;;) {
      const fault = item()
      if (fault !== undefined) return fault
      this.#take(SPACE)
      if (this.#text[this.offset] === close) return this.#step()
      if (this.#text[this.offset] !== ',') return `expected a comma or the end of ${what}`
      this.offset += 1
    }
  }

  #field(depth: number): string | undefined {
    this.#take(SPACE)
    if (this.#text[this.offset] !== '"') return 'expected a field name in double quotes'
    const fault = this.#string()
    if (fault !== undefined) return fault
    this.#take(SPACE)
    if (this.#text[this.offset] !== ':') return 'expected a colon after the field name'
    this.offset += 1
    return this.value(depth + 1)
  }

  #string(): string | undefined {
    return this.#take(STRING) ? undefined : 'expected a complete text without line breaks'
  }

  #step(): undefined {
    this.offset += 1
    return undefined
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.offset
    const match = pattern.exec(this.#text)
    if (match === null) return false
    this.offset += match[0].length
    return true
  }
}
