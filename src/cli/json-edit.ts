/**
 * Changes a JSON text and leaves the rest of it as it stands: a peers file is written by people, who indent, order and
 * align it as they like, and who read its differences. Parsing it and writing it anew would change every line.
 *
 * The text is JSON already: who calls has parsed it, and told its user where it is none. What is added takes the
 * indentation of its neighbours. This file knows nothing of what the values mean.
 */

/** Where a value stands, and what is in it. */
interface Place {
  readonly start: number
  /** Behind its last character. */
  readonly end: number
  /** The keys of an object, or the items of a list; empty for everything else. */
  readonly parts: readonly Part[]
}

/** A member of an object, or an item of a list, whose key is then its number. */
interface Part {
  readonly key: string
  readonly start: number
  readonly value: Place
}

/** The way to a value: names of members and numbers of items. */
export type JsonPath = readonly (string | number)[]

const TOKEN = /[ \t\r\n]*(?:([[\]{},:])|("(?:[^"\\]|\\.)*")|([^[\]{},:" \t\r\n]+))/y

/** Sets a member of the object at `path`, in its place or behind the others. */
export function setMember(text: string, path: JsonPath, key: string, value: unknown): string {
  const place = placeAt(text, path)
  const member = place.parts.findLast((part) => part.key === key)
  if (member !== undefined)
    return replace(text, member.value, render(text, value, indentAt(text, member.start)))
  const first = place.parts[0]
  const indent = first === undefined ? '' : indentAt(text, first.start)
  return append(text, place, `${JSON.stringify(key)}:${gapOf(text)}${render(text, value, indent)}`)
}

/** Takes a member of the object at `path` away, where it is there. */
export function removeMember(text: string, path: JsonPath, key: string): string {
  const { parts } = placeAt(text, path)
  const index = parts.findLastIndex((part) => part.key === key)
  const part = parts[index]
  if (part === undefined) return text
  const before = parts[index - 1]
  // With the comma that goes before it; the first one with the comma behind it.
  const from = before?.value.end ?? part.start
  const to = before === undefined ? (parts[index + 1]?.start ?? part.value.end) : part.value.end
  return text.slice(0, from) + text.slice(to)
}

/** Adds an item at the end of the list at `path`. */
export function appendItem(text: string, path: JsonPath, value: unknown): string {
  const place = placeAt(text, path)
  const first = place.parts[0]
  return append(text, place, render(text, value, first === undefined ? '' : indentAt(text, first.start)))
}

function append(text: string, place: Place, added: string): string {
  const [first] = place.parts
  const last = place.parts.at(-1)
  if (first === undefined || last === undefined) {
    const pad = gapOf(text)
    return `${text.slice(0, place.start + 1)}${pad}${added}${pad}${text.slice(place.end - 1)}`
  }
  const lead = text.slice(place.start + 1, first.start)
  const separator = /\n/.test(lead) ? `,${newlineOf(text)}${indentAt(text, first.start)}` : `,${gapOf(text)}`
  return text.slice(0, last.value.end) + separator + added + text.slice(last.value.end)
}

function replace(text: string, { start, end }: Place, value: string): string {
  return text.slice(0, start) + value + text.slice(end)
}

/** Small objects on one line; lists of objects with one on each, where the text has lines at all. */
function render(text: string, value: unknown, indent: string): string {
  if (!text.includes('\n')) return JSON.stringify(value)
  if (Array.isArray(value)) {
    const items = value.map((item) => render(text, item, indent))
    if (!value.some((item) => typeof item === 'object')) return `[${items.join(', ')}]`
    const newline = `${newlineOf(text)}${indent}`
    return `[${items.map((item) => `${newline}${unitOf(text)}${item}`).join(',')}${newline}]`
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([key, inner]) => `${JSON.stringify(key)}: ${render(text, inner, indent)}`,
  )
  return `{ ${members.join(', ')} }`
}

function gapOf(text: string): string {
  return text.includes('\n') ? ' ' : ''
}

function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

/** By how much the text indents: the least that one of its lines has. */
function unitOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
}

/** The blanks at the beginning of the line in which `offset` lies. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

function placeAt(text: string, path: JsonPath): Place {
  let place = new Scan(text).value()
  for (const step of path) {
    const part = place.parts.findLast(({ key }) => key === String(step))
    if (part === undefined) throw new Error(`The JSON has nothing at ${path.join('.')}`)
    place = part.value
  }
  return place
}

/** One walk over a text that is JSON. */
class Scan {
  readonly #text: string
  #offset = 0
  #token = ''
  #start = 0

  constructor(text: string) {
    this.#text = text
    if (text.startsWith('\uFEFF')) this.#offset = 1
    this.#next()
  }

  /** The value that begins with the present token; goes on to the token behind it. */
  value(): Place {
    const start = this.#start
    const closing = this.#token === '{' ? '}' : this.#token === '[' ? ']' : undefined
    const parts: Part[] = []
    if (closing !== undefined) {
      this.#next()
      while (this.#token !== closing) {
        parts.push(this.#part(closing, parts.length))
        if (this.#token === ',') this.#next()
      }
    }
    const end = this.#offset
    this.#next()
    return { start, end, parts }
  }

  #part(closing: string, index: number): Part {
    const start = this.#start
    if (closing === ']') return { key: String(index), start, value: this.value() }
    const key = String(JSON.parse(this.#token))
    this.#next()
    this.#next()
    return { key, start, value: this.value() }
  }

  /** To the next token; behind the last one, to none. */
  #next(): void {
    TOKEN.lastIndex = this.#offset
    const match = TOKEN.exec(this.#text)
    this.#token = match?.[1] ?? match?.[2] ?? match?.[3] ?? ''
    if (match !== null) this.#offset = TOKEN.lastIndex
    this.#start = this.#offset - this.#token.length
  }
}
