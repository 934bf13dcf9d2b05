/**
 * The scan of msgpack bytes in the obvious way: one function for each question, in the order of the clauses, without a thought
 * of speed. It is what src/wire/body-scan.ts is held against, which is one loop over a table.
 *
 * It shares the sums of body-cost.ts; nothing else.
 */

import { unpack } from 'msgpackr/unpack'
import { costLimit, costOfArray, costOfMap } from '../../src/wire/body-cost.ts'

const CUT = 'The body ends inside a value'
const TOO_COSTLY = 'The body would need far more memory than its size'
const MAX_DATE_SECONDS = 86_400n * 100_000_000n

/** What is wrong with `bytes` as the msgpack of one value, and what decoding would cost when nothing is. */
export function plainScan(bytes: Uint8Array): { fault: string } | { cost: number } {
  if (bytes.length === 0) return { fault: 'The body is empty' }
  const scan = new PlainScan(bytes)
  try {
    scan.value(0)
    const behind = bytes.length - scan.position
    if (behind > 0) return { fault: `The body has ${behind} bytes behind its value` }
    return scan.cost > costLimit(bytes.length) ? { fault: TOO_COSTLY } : { cost: scan.cost }
  } catch (error) {
    if (error instanceof BadBody) return { fault: error.message }
    throw error
  }
}

class BadBody extends Error {}

/** What is to be known of an open map. */
class PlainMap {
  /** All keys so far, in hexadecimal; undefined when what is known of them was forgotten. */
  path: string | undefined = ''
  room = 0
  numbers = 0
  /** What was charged for entries of a hash table that are in the array. */
  credit = 0
  isStrange = false
  readonly entries: number

  constructor(entries: number) {
    this.entries = entries
  }
}

class PlainScan {
  position = 0
  cost = 0
  readonly #bytes: Uint8Array
  readonly #open: PlainMap[] = []
  readonly #known = new Set<string>()

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** One value, inside of `depth` containers. */
  value(depth: number): void {
    const first = this.#number(1)
    if (first <= 0x7f || first >= 0xe0 || first === 0xc0 || first === 0xc2 || first === 0xc3) return
    else if (first >= 0x80 && first <= 0x8f) this.#map(first - 0x80, depth)
    else if (first >= 0x90 && first <= 0x9f) this.#array(first - 0x90, depth)
    else if (first >= 0xa0 && first <= 0xbf) this.#string(first - 0xa0)
    else if (first >= 0xc4 && first <= 0xc6) this.#binary(this.#number(2 ** (first - 0xc4)))
    else if (first === 0xca) this.#costly(16, 4)
    else if (first === 0xcb || first === 0xcf || first === 0xd3) this.#costly(16, 8)
    else if (first >= 0xcc && first <= 0xce) this.#skip(2 ** (first - 0xcc))
    else if (first >= 0xd0 && first <= 0xd2) this.#skip(2 ** (first - 0xd0))
    else if (first === 0xc7) this.#timestamp(this.#number(1))
    else if (first === 0xd6 || first === 0xd7) this.#timestamp(first === 0xd6 ? 4 : 8)
    else if (first >= 0xd9 && first <= 0xdb) this.#string(this.#number(2 ** (first - 0xd9)))
    else if (first === 0xdc || first === 0xdd) this.#array(this.#number(first === 0xdc ? 2 : 4), depth)
    else if (first === 0xde || first === 0xdf) this.#map(this.#number(first === 0xde ? 2 : 4), depth)
    else throw new BadBody(`The body has a value of a type that is not allowed (0x${first.toString(16)})`)
  }

  #array(items: number, depth: number): void {
    this.#enter(items, costOfArray(items), depth)
    for (let index = 0; index < items; index += 1) this.value(depth + 1)
  }

  #map(entries: number, depth: number): void {
    this.#enter(entries * 2, costOfMap(entries), depth)
    const map = new PlainMap(entries)
    this.#open.push(map)
    for (let index = 0; index < entries; index += 1) {
      this.#key(map, index, depth + 1)
      this.value(depth + 1)
    }
    this.#open.pop()
  }

  /** A key costs nothing beside its place in the map, unless it is a number or new behind the keys before it. */
  #key(map: PlainMap, index: number, depth: number): void {
    const first = this.#bytes[this.position]
    if (first === undefined) throw new BadBody(CUT)
    const isInteger = first <= 0x7f || first >= 0xe0 || (first >= 0xcc && first <= 0xd3)
    const isString = (first >= 0xa0 && first <= 0xbf) || (first >= 0xd9 && first <= 0xdb)
    if (!isInteger && !isString) throw new BadBody('A key of a map is neither a string nor an integer')
    const { position, cost } = this
    this.value(depth)
    this.cost = cost
    const bytes = Buffer.from(this.#bytes.subarray(position, this.position))
    const name = String(unpack(bytes))
    const isNumber = String(Number(name)) === name && /^\d+$/.test(name) && Number(name) < 2 ** 32 - 1
    let isStrange = false
    if (isNumber) isStrange = !this.#growsFor(map, Number(name), index)
    else if (this.#bytes.length > 16_384 && index < 16) isStrange = this.#isNew(map, bytes.toString('hex'))
    if (!isStrange || index >= 16 || map.isStrange) return
    map.isStrange = true
    this.cost += 64 + 64 * Math.min(map.entries, 16)
  }

  /** Whether a map has, or gets, a place for a number in its array. */
  #growsFor(map: PlainMap, number: number, index: number): boolean {
    map.numbers += 1
    if (index >= 16) map.credit += 64
    if (number < map.room) return true
    const room = number + 1 + Math.floor((number + 1) / 2) + 16
    if ((number >= map.room + 1024 || room > 5000) && room >= 27 * map.numbers) return false
    const growth = 8 * (room - map.room)
    this.cost += Math.max(0, growth - map.credit)
    map.credit = Math.max(0, map.credit - growth)
    map.room = room
    return true
  }

  #isNew(map: PlainMap, key: string): boolean {
    if (map.path === undefined) return true
    map.path += `${key},`
    if (this.#known.has(map.path)) return false
    if (this.#known.size < 4096) this.#known.add(map.path)
    else {
      this.#known.clear()
      for (const open of this.#open) open.path = undefined
    }
    return true
  }

  #enter(values: number, cost: number, depth: number): void {
    if (values > this.#bytes.length - this.position)
      throw new BadBody('The body announces more values than it can hold')
    this.cost += cost
    if (this.cost > costLimit(this.#bytes.length)) throw new BadBody(TOO_COSTLY)
    if (depth >= 32) throw new BadBody('The body is nested deeper than 32 levels')
  }

  #string(sizeBytes: number): void {
    this.#costly(sizeBytes >= 2 ? 24 : 0, sizeBytes)
  }

  #binary(sizeBytes: number): void {
    this.#costly(96, sizeBytes)
  }

  #timestamp(sizeBytes: number): void {
    const start = this.position
    this.#costly(128, 1 + sizeBytes)
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + start, 1 + sizeBytes)
    if (view.getUint8(0) !== 0xff) throw new BadBody(`The body has an extension of type ${view.getUint8(0)}`)
    if (sizeBytes !== 4 && sizeBytes !== 8 && sizeBytes !== 12)
      throw new BadBody('A timestamp has a wrong size')
    if (sizeBytes !== 12) return
    const nanoseconds = BigInt(view.getUint32(1))
    const moment = view.getBigInt64(5) * 1_000_000_000n + nanoseconds
    const most = MAX_DATE_SECONDS * 1_000_000_000n
    if (nanoseconds >= 1_000_000_000n || moment < -most || moment > most)
      throw new BadBody('A timestamp is outside of what a Date can hold')
  }

  #costly(cost: number, sizeBytes: number): void {
    this.cost += cost
    this.#skip(sizeBytes)
  }

  #skip(sizeBytes: number): void {
    if (sizeBytes > this.#bytes.length - this.position) throw new BadBody(CUT)
    this.position += sizeBytes
  }

  #number(sizeBytes: number): number {
    const start = this.position
    this.#skip(sizeBytes)
    return this.#bytes.subarray(start, this.position).reduce((sum, byte) => sum * 256 + byte, 0)
  }
}
