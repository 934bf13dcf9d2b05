/**
 * Whether a user's value can travel as a body and come back as what it was. Whatever would be changed in silence on the
 * way (a Map that arrives as an object, a class that loses its methods, undefined that becomes null) is a fault that
 * names its place, on the sender's side, where the mistake can be mended.
 *
 * docs/protocol.md has the table of what travels (clause B53).
 */

import { unpack } from 'msgpackr/pack'
import { MAX_BODY_DEPTH, MAX_BODY_VALUES } from './limits.ts'

/** A fault, and the way to it from the outermost value: `.user.tags[3]`. */
export interface BodyFault {
  path: string
  readonly text: string
}

/**
 * The class that msgpackr makes of a timestamp, and the only one that it takes for one. It is asked for, not named: that
 * name is forbidden in the pure rooms, because it also tells the time.
 */
const Moment = unpack(Uint8Array.of(0xd6, 0xff, 0, 0, 0, 0)).constructor as new () => { getTime(): number }

const MIN_INT64 = -(2n ** 63n)
const MAX_UINT64 = 2n ** 64n - 1n

/** Checks one value; keeps whether a key in it may be a number, which can cost far more memory than its size. */
export class BodyCheck {
  hasNumberKeys = false
  #values = 0

  /** What keeps `value` from travelling; undefined when nothing does. `depth` is how many containers hold it. */
  faultOf(value: unknown, depth: number): BodyFault | undefined {
    this.#values += 1
    switch (typeof value) {
      case 'string':
        return isWellFormed(value) ? undefined : fault('a string with half a character (a lone surrogate)')
      case 'number':
      case 'boolean':
        return undefined
      case 'bigint':
        return value < MIN_INT64 || value > MAX_UINT64 ? fault('a bigint of more than 64 bits') : undefined
      case 'object':
        return value === null ? undefined : this.#faultOfObject(value, depth)
      case 'undefined':
        return fault('undefined in an array (null would travel)')
      default:
        return fault(`a ${typeof value}`)
    }
  }

  #faultOfObject(value: object, depth: number): BodyFault | undefined {
    if (this.#values > MAX_BODY_VALUES) return fault('far too many values')
    if (Array.isArray(value)) return this.#faultOfArray(value, depth + 1)
    const prototype: unknown = Object.getPrototypeOf(value)
    // The root prototype of this or of another realm: an object literal, or what JSON.parse gives.
    if (prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null) {
      return this.#faultOfRecord(value as Readonly<Record<string, unknown>>, depth + 1)
    }
    if (value instanceof Moment) return Number.isNaN(value.getTime()) ? fault('an invalid Date') : undefined
    if (value instanceof Uint8Array) return undefined
    return fault(textOfClass(value))
  }

  #faultOfArray(items: readonly unknown[], depth: number): BodyFault | undefined {
    if (depth > MAX_BODY_DEPTH) return tooDeep()
    for (let index = 0; index < items.length; index += 1) {
      const found = this.faultOf(items[index], depth)
      if (found !== undefined) return inside(`[${index}]`, found)
    }
    return undefined
  }

  #faultOfRecord(record: Readonly<Record<string, unknown>>, depth: number): BodyFault | undefined {
    if (depth > MAX_BODY_DEPTH) return tooDeep()
    const keys = Object.keys(record)
    // Indices of arrays come first among the keys of any object.
    if (beginsWithDigit(keys[0])) this.hasNumberKeys = true
    for (const key of keys) {
      const value = record[key]
      // As in JSON, a property that is undefined is left out: reading it at the other end gives undefined again.
      if (value === undefined) continue
      if (key === '__proto__') return inside('.__proto__', fault('a key that would be renamed for safety'))
      const found = isWellFormed(key) ? this.faultOf(value, depth) : fault('a key with half a character')
      if (found !== undefined) return inside(`.${key}`, found)
    }
    return undefined
  }
}

function beginsWithDigit(text: string | undefined): boolean {
  const code = text === undefined ? 0 : text.charCodeAt(0)
  return code >= 48 && code <= 57
}

/** Whether UTF-8 can carry `text`. Node has the method from version 20 on, the language's types from ES2024 on. */
function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}

function fault(text: string): BodyFault {
  return { path: '', text }
}

function tooDeep(): BodyFault {
  return fault(`a value nested deeper than ${MAX_BODY_DEPTH} levels, or one that contains itself`)
}

function inside(step: string, found: BodyFault): BodyFault {
  found.path = step + found.path
  return found
}

function textOfClass(value: object): string {
  if (value instanceof Map) return 'a Map (Object.fromEntries makes an object that travels)'
  if (value instanceof Set) return 'a Set (spread it into an array)'
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return 'a typed array other than Uint8Array'
  if ('then' in value) return 'a promise (await it first)'
  const name: unknown = value.constructor?.name
  return `an instance of ${typeof name === 'string' && name !== '' ? name : 'a class'} (plain data travels)`
}
