/**
 * A walk over msgpack bytes before a decoder sees them: depth, lengths, extensions, memory. It builds nothing, so a
 * hostile body costs what its bytes cost to read. What passes here, msgpackr decodes without surprises.
 *
 * It does not check that strings are valid UTF-8 (msgpackr puts U+FFFD in the place of what is not), nor that the keys of
 * a map differ (the last one wins).
 */

import { costLimit, costOfArray, costOfMap } from './body-cost.ts'
import {
  COST_BINARY_BYTES,
  COST_DATE_BYTES,
  COST_NUMBER_BYTES,
  COST_STRING_BYTES,
  MAX_BODY_DEPTH,
} from './limits.ts'

/** The type byte of the timestamp extension: -1. */
const TIMESTAMP = 0xff

/** The latest moment of a Date, in seconds before or after 1970. */
const MAX_DATE_SECONDS = 8.64e12

const TOO_COSTLY = 'The body would need far more memory than its size'

/** What a scan found. */
export interface ScanResult {
  /** What is wrong with the bytes as the msgpack of one value, as a sentence; undefined when nothing is. */
  readonly fault: string | undefined
  /** What decoding will cost in memory, in bytes, as far as the scan came. */
  readonly cost: number
}

/** Scans `bytes`, which should be the msgpack of one value. Never throws. */
export function scanMsgpack(bytes: Uint8Array): ScanResult {
  const scan = new Scan(bytes)
  scan.run()
  return scan
}

type Form = 'plain' | 'number' | 'string' | 'binary' | 'array' | 'map' | 'extension' | 'refused'

/** What the first bytes 0xc0 to 0xdf stand for. Numbers of up to 32 bits are plain: V8 keeps them in their slot. */
// biome-ignore format: four rows of eight, as in the table of the msgpack specification
const FORMS: readonly Form[] = [
  'plain', 'refused', 'plain', 'plain', 'binary', 'binary', 'binary', 'extension',
  'refused', 'refused', 'number', 'number', 'plain', 'plain', 'plain', 'number',
  'plain', 'plain', 'plain', 'number', 'refused', 'refused', 'extension', 'extension',
  'refused', 'string', 'string', 'string', 'array', 'array', 'map', 'map',
]

/** How many bytes of length follow the first byte; 0 where the size is fixed. */
// biome-ignore format: as above
const LENGTH_BYTES: readonly number[] = [
  0, 0, 0, 0, 1, 2, 4, 1,
  0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 2, 4, 2, 4, 2, 4,
]

/** The bytes of a value whose size is fixed, without its first one; of an extension also without its type. */
// biome-ignore format: as above
const FIXED_SIZES: readonly number[] = [
  0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 4, 8, 1, 2, 4, 8,
  1, 2, 4, 8, 0, 0, 4, 8,
  0, 0, 0, 0, 0, 0, 0, 0,
]

// One scan runs at a time, so that these two serve all. OPEN[depth]: how many values are still to come in the container
// at that depth. IS_MAP[depth]: whether it is a map, in which keys and values take turns.
const OPEN = new Float64Array(MAX_BODY_DEPTH + 1)
const IS_MAP = new Uint8Array(MAX_BODY_DEPTH + 1)

/** One pass over the bytes. */
class Scan implements ScanResult {
  cost = 0
  fault: string | undefined
  readonly #bytes: Uint8Array
  readonly #limit: number
  #depth = 0
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#limit = costLimit(bytes.length)
    OPEN[0] = 1
    IS_MAP[0] = 0
  }

  run(): void {
    const sizeBytes = this.#bytes.length
    if (sizeBytes === 0) this.fault = 'The body is empty'
    this.#values()
    if (this.fault !== undefined) return
    if (this.#position < sizeBytes)
      this.fault = `The body has ${sizeBytes - this.#position} bytes behind its value`
    else if (this.cost > this.#limit) this.fault = TOO_COSTLY
  }

  /** Reads values until the outermost is complete or a fault is found. */
  #values(): void {
    while (this.fault === undefined) {
      const left = OPEN[this.#depth] as number
      if (left === 0) {
        if (this.#depth === 0) return
        this.#depth -= 1
        continue
      }
      OPEN[this.#depth] = left - 1
      // A map announces twice as many values as entries: before each key, an even number of them is left.
      const isKey = IS_MAP[this.#depth] === 1 && left % 2 === 0
      if (this.#position >= this.#bytes.length) this.fault = 'The body ends inside a value'
      else if (isKey) this.#key()
      else this.#value(this.#bytes[this.#position++] as number)
    }
  }

  /** Keys are strings or integers; a binary, an array or a map as a key has no counterpart in an object. */
  #key(): void {
    const token = this.#bytes[this.#position] as number
    const isString = (token >= 0xa0 && token <= 0xbf) || (token >= 0xd9 && token <= 0xdb)
    const isInteger = token < 0x80 || token >= 0xe0 || (token >= 0xcc && token <= 0xd3)
    if (!isString && !isInteger) {
      this.fault = 'A key of a map is neither a string nor an integer'
      return
    }
    // Keys are taken for ones that come again, which decoders share: they cost no more than their slot.
    const cost = this.cost
    this.#position += 1
    this.#value(token)
    this.cost = cost
  }

  #value(token: number): void {
    if (token < 0x80 || token >= 0xe0) return
    if (token < 0x90) this.#map(token - 0x80)
    else if (token < 0xa0) this.#array(token - 0x90)
    else if (token < 0xc0) this.#string(token - 0xa0)
    else this.#tagged(token)
  }

  /** A value whose first byte is 0xc0 to 0xdf: the tables say what follows. */
  #tagged(token: number): void {
    const lengthBytes = LENGTH_BYTES[token - 0xc0] as number
    const size = lengthBytes === 0 ? (FIXED_SIZES[token - 0xc0] as number) : this.#length(lengthBytes)
    switch (FORMS[token - 0xc0]) {
      case 'plain':
        this.#skip(size)
        break
      case 'number':
        this.cost += COST_NUMBER_BYTES
        this.#skip(size)
        break
      case 'string':
        this.#string(size)
        break
      case 'binary':
        this.cost += COST_BINARY_BYTES
        this.#skip(size)
        break
      case 'array':
        this.#array(size)
        break
      case 'map':
        this.#map(size)
        break
      case 'extension':
        this.#timestamp(size)
        break
      default:
        this.fault = `The body has a value of a type that is not allowed (0x${token.toString(16)})`
    }
  }

  #length(bytes: number): number {
    const start = this.#position
    this.#skip(bytes)
    if (this.fault !== undefined) return 0
    let length = 0
    for (let index = 0; index < bytes; index += 1)
      length = length * 256 + (this.#bytes[start + index] as number)
    return length
  }

  #skip(sizeBytes: number): void {
    this.#position += sizeBytes
    if (this.#position > this.#bytes.length) this.fault = 'The body ends inside a value'
  }

  #string(sizeBytes: number): void {
    if (sizeBytes > 1) this.cost += COST_STRING_BYTES
    this.#skip(sizeBytes)
  }

  #array(items: number): void {
    this.cost += costOfArray(items)
    this.#enter(items, 0)
  }

  #map(entries: number): void {
    this.cost += costOfMap(entries)
    this.#enter(entries * 2, 1)
  }

  /** Each value takes a byte or more: a length that the rest of the body cannot hold is refused before it is trusted. */
  #enter(values: number, isMap: 0 | 1): void {
    if (values > this.#bytes.length - this.#position)
      this.fault = 'The body announces more values than it can hold'
    // A bomb is refused as soon as it is known for one: to read all of it would take longer than to decode what may be.
    else if (this.cost > this.#limit) this.fault = TOO_COSTLY
    else if (this.#depth === MAX_BODY_DEPTH)
      this.fault = `The body is nested deeper than ${MAX_BODY_DEPTH} levels`
    else {
      this.#depth += 1
      OPEN[this.#depth] = values
      IS_MAP[this.#depth] = isMap
    }
  }

  /** The one extension that is allowed, in its three sizes, with moments that a Date can hold. */
  #timestamp(sizeBytes: number): void {
    const start = this.#position
    this.cost += COST_DATE_BYTES
    this.#skip(1 + sizeBytes)
    if (this.fault !== undefined) return
    if (this.#bytes[start] !== TIMESTAMP)
      this.fault = `The body has an extension of type ${this.#bytes[start]}`
    else if (sizeBytes !== 4 && sizeBytes !== 8 && sizeBytes !== 12)
      this.fault = 'A timestamp has a wrong size'
    else if (sizeBytes === 12 && !this.#isDate(start + 1))
      this.fault = 'A timestamp is outside of what a Date can hold'
  }

  /** Whether the 12 bytes at `at`, nanoseconds and then seconds, are a moment that a Date can hold. */
  #isDate(at: number): boolean {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
    const nanoseconds = view.getUint32(at)
    const seconds = view.getInt32(at + 4) * 2 ** 32 + view.getUint32(at + 8)
    if (nanoseconds >= 1e9 || seconds < -MAX_DATE_SECONDS) return false
    return seconds < MAX_DATE_SECONDS || (seconds === MAX_DATE_SECONDS && nanoseconds === 0)
  }
}
