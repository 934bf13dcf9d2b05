/**
 * A walk over msgpack bytes before a decoder sees them: depth, lengths, extensions, memory. It builds nothing, so a
 * hostile body costs what its bytes cost to read. What passes here, msgpackr decodes without surprises.
 *
 * Every body that comes in passes it, so it is one loop over a table of the 256 first bytes. test/wire/plain-scan.ts says
 * the same in the obvious way, and a property holds the two together.
 *
 * It does not check that strings are valid UTF-8 (msgpackr puts U+FFFD in the place of what is not), nor that the keys of
 * a map differ (the last one wins).
 */

import { costLimit, costOfArray, costOfMap } from './body-cost.ts'
import { costOfKey, forgetKeys, mayBeNumber, openMap } from './body-keys.ts'
import {
  COST_BINARY_BYTES,
  COST_DATE_BYTES,
  COST_NUMBER_BYTES,
  COST_STRING_BYTES,
  HARMLESS_BODY_BYTES,
  MAX_BODY_DEPTH,
} from './limits.ts'

/** The type byte of the timestamp extension: -1. */
const TIMESTAMP = 0xff

/** The latest moment of a Date, in seconds before or after 1970. */
const MAX_DATE_SECONDS = 8.64e12

/** Beyond this, no body can hold what a length announces; so it is as good as any longer one, and a small integer. */
const HUGE_BYTES = 2 ** 30

const CUT = 'The body ends inside a value'
const TOO_COSTLY = 'The body would need far more memory than its size'
const NO_KEY = 'A key of a map is neither a string nor an integer'

/** What a scan found. */
export interface ScanResult {
  /** What is wrong with the bytes as the msgpack of one value, as a sentence; undefined when nothing is. */
  readonly fault: string | undefined
  /** What decoding will cost in memory, in bytes; of bytes with a fault, as far as the scan came. */
  readonly cost: number
}

// What a first byte stands for is one number in the table: a size, flags, and a cost in memory.

/** The bytes behind the first one; of an array or map, its items or entries; with LENGTH, how many bytes say how many. */
const SIZE = 0x3f
/** It may be the key of a map: a string or an integer. A binary, an array or a map has no counterpart in an object. */
const KEY = 0x40
const LENGTH = 0x80
const ARRAY = 0x100
const MAP = 0x200
const EXTENSION = 0x400
const REFUSED = 0x800
/** The cost stands from this bit on, for all but arrays and maps. */
const COST_SHIFT = 16

const TABLE = tableOfFirstBytes()

// One scan runs at a time, so that these two serve all. At the depth of each container, what is to be known again when the one
// inside of it is over: how many values are still to come, and whether it is a map, in which keys and values take turns.
const OPEN = new Int32Array(MAX_BODY_DEPTH + 1)
const IS_MAP = new Uint8Array(MAX_BODY_DEPTH + 1)

/** Scans `bytes`, which should be the msgpack of one value. Never throws. */
export function scanMsgpack(bytes: Uint8Array): ScanResult {
  const isLarge = bytes.length > HARMLESS_BODY_BYTES
  if (isLarge) forgetKeys()
  return scan(bytes, isLarge, isLarge)
}

/**
 * In small bodies only numbers as keys cost anything, and hardly any has them: it is scanned without a look at its keys until
 * one may be a number, and then again from its beginning.
 */
function scan(bytes: Uint8Array, looksAtKeys: boolean, isLarge: boolean): ScanResult {
  const sizeBytes = bytes.length
  const limit = costLimit(sizeBytes)
  let cost = 0
  let position = 0
  let depth = 0
  let left = 1
  let isMap = 0
  for (;;) {
    if (left === 0) {
      if (depth === 0) return { fault: faultAtEnd(sizeBytes, position, cost > limit), cost }
      depth -= 1
      left = OPEN[depth] as number
      isMap = IS_MAP[depth] as number
      continue
    }
    if (position >= sizeBytes) return { fault: sizeBytes === 0 ? 'The body is empty' : CUT, cost }
    const token = bytes[position] as number
    const entry = TABLE[token] as number
    position += 1
    // A map announces twice as many values as entries: before each key, an even number of them is left.
    const isKey = (isMap & ~left) !== 0
    if (isKey && (entry & KEY) === 0) return { fault: NO_KEY, cost }
    if (isKey && looksAtKeys) cost += costOfKey(bytes, position - 1, depth, left, isLarge)
    else if (isKey && mayBeNumber(bytes, position - 1)) return scan(bytes, true, false)
    left -= 1
    // Small integers, nil and booleans. To know without a sum where the next value begins is half of the time for them.
    if ((entry & ~KEY) === 0) continue
    let size = entry & SIZE
    let ownCost = entry >>> COST_SHIFT
    if ((entry & LENGTH) !== 0) {
      if (size > sizeBytes - position) return { fault: CUT, cost }
      position += size
      size = lengthBefore(bytes, position, size)
      if ((entry & KEY) !== 0 && size <= 1) ownCost = 0
    }
    if ((entry & (ARRAY | MAP)) !== 0) {
      const isInnerMap = (entry & MAP) === 0 ? 0 : 1
      cost += isInnerMap === 0 ? costOfArray(size) : costOfMap(size)
      const fault = faultOfContainer(size > (sizeBytes - position) >> isInnerMap, cost > limit, depth)
      if (fault !== undefined) return { fault, cost }
      OPEN[depth] = left
      IS_MAP[depth] = isMap
      depth += 1
      if (looksAtKeys && isInnerMap === 1) openMap(depth, size)
      left = size << isInnerMap
      isMap = isInnerMap
      continue
    }
    if ((entry & (EXTENSION | REFUSED)) !== 0) {
      const fault = faultOfOther(bytes, token, position, size)
      if (fault !== undefined) return { fault, cost }
      // The type of an extension.
      position += 1
    }
    position += size
    if (!isKey) cost += ownCost
  }
}

function faultAtEnd(sizeBytes: number, position: number, isTooCostly: boolean): string | undefined {
  if (position > sizeBytes) return CUT
  if (position < sizeBytes) return `The body has ${sizeBytes - position} bytes behind its value`
  return isTooCostly ? TOO_COSTLY : undefined
}

function faultOfContainer(isTooLong: boolean, isTooCostly: boolean, depth: number): string | undefined {
  // Each value takes a byte or more: a length that the rest of the body cannot hold is refused before it is trusted.
  if (isTooLong) return 'The body announces more values than it can hold'
  // A bomb is refused as soon as it is known for one: to read all of it would take longer than to decode what may be.
  if (isTooCostly) return TOO_COSTLY
  return depth < MAX_BODY_DEPTH ? undefined : `The body is nested deeper than ${MAX_BODY_DEPTH} levels`
}

/** The length of one, two or four bytes that ends at `end`, or `HUGE_BYTES` if it is more. */
function lengthBefore(bytes: Uint8Array, end: number, lengthBytes: number): number {
  const last = bytes[end - 1] as number
  if (lengthBytes === 1) return last
  const low = (bytes[end - 2] as number) * 0x100 + last
  if (lengthBytes === 2) return low
  const high = (bytes[end - 4] as number) * 0x100 + (bytes[end - 3] as number)
  return high < HUGE_BYTES / 0x10000 ? high * 0x10000 + low : HUGE_BYTES
}

/** Of types that are not simply skipped: the one extension that is allowed, in its three sizes, with moments that a Date can hold. */
function faultOfOther(
  bytes: Uint8Array,
  token: number,
  position: number,
  sizeBytes: number,
): string | undefined {
  if ((TABLE[token] as number) & REFUSED)
    return `The body has a value of a type that is not allowed (0x${token.toString(16)})`
  if (position + 1 + sizeBytes > bytes.length) return CUT
  if (bytes[position] !== TIMESTAMP) return `The body has an extension of type ${bytes[position]}`
  if (sizeBytes !== 4 && sizeBytes !== 8 && sizeBytes !== 12) return 'A timestamp has a wrong size'
  if (sizeBytes === 12 && !isDate(bytes, position + 1))
    return 'A timestamp is outside of what a Date can hold'
  return undefined
}

/** Whether the 12 bytes at `at`, nanoseconds and then seconds, are a moment that a Date can hold. */
function isDate(bytes: Uint8Array, at: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const nanoseconds = view.getUint32(at)
  const seconds = view.getInt32(at + 4) * 2 ** 32 + view.getUint32(at + 8)
  if (nanoseconds >= 1e9 || seconds < -MAX_DATE_SECONDS) return false
  return seconds < MAX_DATE_SECONDS || (seconds === MAX_DATE_SECONDS && nanoseconds === 0)
}

/** The entries of all first bytes. Numbers of up to 32 bits cost nothing: V8 keeps them in their slot. */
function tableOfFirstBytes(): Int32Array {
  const table = new Int32Array(256).fill(KEY)
  for (let count = 0; count < 16; count += 1) {
    table[0x80 + count] = MAP | count
    table[0x90 + count] = ARRAY | count
  }
  const string = KEY | (COST_STRING_BYTES << COST_SHIFT)
  // V8 has the strings of one character or none.
  for (let size = 0; size < 32; size += 1) table[0xa0 + size] = (size > 1 ? string : KEY) | size
  const number = COST_NUMBER_BYTES << COST_SHIFT
  const binary = LENGTH | (COST_BINARY_BYTES << COST_SHIFT)
  const text = LENGTH | string
  const timestamp = EXTENSION | (COST_DATE_BYTES << COST_SHIFT)
  // biome-ignore format: four rows of eight, as in the table of the msgpack specification
  table.set([
    0, REFUSED, 0, 0, binary | 1, binary | 2, binary | 4, timestamp | LENGTH | 1,
    REFUSED, REFUSED, number | 4, number | 8, KEY | 1, KEY | 2, KEY | 4, KEY | number | 8,
    KEY | 1, KEY | 2, KEY | 4, KEY | number | 8, REFUSED, REFUSED, timestamp | 4, timestamp | 8,
    REFUSED, text | 1, text | 2, text | 4, ARRAY | LENGTH | 2, ARRAY | LENGTH | 4, MAP | LENGTH | 2, MAP | LENGTH | 4,
  ], 0xc0)
  return table
}
