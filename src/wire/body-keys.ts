/**
 * What the keys of maps cost a decoder in memory, while a body is scanned (clauses B62 and B63). JavaScript keeps objects
 * with the same keys in the same order cheaply, because they share what describes them. An object with other keys than all
 * before it gets a description, or a hash table, of its own; and numbers as keys are kept in an array that is as long as
 * the highest of them, or in a hash table. A few bytes can cost hundreds that way, three digits twelve thousand.
 *
 * Which keys came before is a tree of steps: a step is a key and all keys before it in its map. The keys that may follow
 * a step are found by their bits, in a crit-bit tree (D. J. Bernstein, "Crit-bit trees"): without a hash there are no
 * collisions that a peer could make on purpose, and finding a key takes at most one look for each of its bits.
 *
 * It does not remember the bytes of keys, but where they are; and of a map with many keys, which is a hash table anyway and
 * was charged for it, it looks at the first ones only.
 */

import {
  COST_DICTIONARY_ENTRY_BYTES,
  COST_SLOT_BYTES,
  COST_STRANGE_BYTES,
  KNOWN_STEPS,
  MAX_BODY_DEPTH,
  RECORD_ENTRIES,
} from './limits.ts'

/** The first number that is no index of an array, and therefore a key like any text. */
const END_OF_INDICES = 2 ** 32 - 1

// How V8 lets the array of an object grow (JSObject::ShouldConvertToSlowElements): by half and 16 beyond the number that
// wants room; not for a number that is 1,024 or more beyond the room there is, nor to more than 5,000 places, unless a hash
// table would take more: with at most 27 places for each number, as its size is a power of two.
const MAX_GAP = 1024
const MAX_SPARSE_ROOM = 5000
const MAX_PLACES_PER_NUMBER = 27

/** The first three bits of texts of up to 31 bytes. */
const SHORT_TEXT = 5

/** The step before the first key of a map. */
const START = 0
/** The steps of this map were forgotten while it was open: nothing is known to follow. */
const FORGOTTEN = KNOWN_STEPS + 1

/** What is to be known of a map while it is open. One for each depth, used again and again. */
interface OpenMap {
  /** Its keys and values, as many as it announced. */
  values: number
  /** Whether it was charged for being unlike the maps before it. */
  isStrange: boolean
  step: number
  /** How many numbers there were among its keys, and the places of the array for them. */
  numbers: number
  room: number
  /** What was charged for a hash table that numbers will not need, as far as they have an array. */
  credit: number
}

const MAPS: readonly OpenMap[] = Array.from({ length: MAX_BODY_DEPTH + 1 }, () => ({
  values: 0,
  isStrange: false,
  step: START,
  numbers: 0,
  room: 0,
  credit: 0,
}))

// The steps, from 1 on: where their keys begin, which key followed last, and the tree of all keys that followed.
// In trees, a number above 0 is a branch, one below 0 a step, and 0 nothing.
const KEY_START = new Int32Array(KNOWN_STEPS + 1)
const LATEST = new Int32Array(KNOWN_STEPS + 2)
const TREE = new Int32Array(KNOWN_STEPS + 2)
let steps = 0

// Branches: by which bit of the key they part, counted from its beginning, and the two ways.
const BIT = new Int32Array(KNOWN_STEPS + 1)
const WAYS = new Int32Array(2 * (KNOWN_STEPS + 1))
let branches = 0

/** Forgets the keys of the body before. */
export function forgetKeys(): void {
  steps = 0
  branches = 0
  LATEST[START] = 0
  TREE[START] = 0
}

/** Begins a map of `entries` at `depth`. */
export function openMap(depth: number, entries: number): void {
  const map = MAPS[depth] as OpenMap
  map.values = 2 * entries
  map.isStrange = false
  map.step = START
  map.numbers = 0
}

/** Whether the key at `start` is anything but a text of up to 31 bytes that begins with no digit, as nearly all keys are. */
export function mayBeNumber(bytes: Uint8Array, start: number): boolean {
  // The digits, and six signs beside them.
  return (bytes[start] as number) >> 5 !== SHORT_TEXT || (bytes[start + 1] as number) >> 4 === 3
}

/**
 * What the key at `start` costs beside its slot, in the map at `depth` of which `left` keys and values are still to come.
 * Texts are looked at only if `isLarge`.
 */
export function costOfKey(
  bytes: Uint8Array,
  start: number,
  depth: number,
  left: number,
  isLarge: boolean,
): number {
  const map = MAPS[depth] as OpenMap
  const latest = LATEST[map.step] as number
  // Mostly the same keys follow each other as in the map before.
  if (latest === 0 || mayBeNumber(bytes, start) || !isWatched(map, left)) {
    return costOfAnyKey(bytes, start, map, left, isLarge)
  }
  const end = start + 1 + ((bytes[start] as number) & 0x1f)
  if (!isKeyOf(bytes, latest, start, end)) return costOfAnyKey(bytes, start, map, left, isLarge)
  map.step = latest
  return 0
}

function costOfAnyKey(
  bytes: Uint8Array,
  start: number,
  map: OpenMap,
  left: number,
  isLarge: boolean,
): number {
  const head = headSize(bytes[start] as number)
  const end = endOf(bytes, start, head)
  // Cut short, which the scan will say.
  if (end > bytes.length) return 0
  const number = numberAt(bytes, start, start + head, end)
  if (number >= 0) return costOfNumber(map, number, isWatched(map, left))
  if (!isLarge || !isWatched(map, left)) return 0
  if (map.step === FORGOTTEN) return strange(map)
  const known = nextStep(bytes, map.step, start, end)
  if (known <= 0) {
    learn(bytes, map, -known, start, end)
    return strange(map)
  }
  map.step = known
  return 0
}

/** Whether the key before which `left` keys and values are left is among the first ones, which are looked at. */
function isWatched(map: OpenMap, left: number): boolean {
  return map.values - left < 2 * RECORD_ENTRIES
}

function strange(map: OpenMap): number {
  if (map.isStrange) return 0
  map.isStrange = true
  return COST_STRANGE_BYTES * (1 + Math.min(map.values / 2, RECORD_ENTRIES))
}

function costOfNumber(map: OpenMap, number: number, isWatched: boolean): number {
  if (map.numbers === 0) {
    map.room = 0
    map.credit = 0
  }
  map.numbers += 1
  if (!isWatched) map.credit += COST_DICTIONARY_ENTRY_BYTES
  const before = map.room
  if (number < before) return 0
  const room = Math.floor((number + 1) * 1.5) + 16
  const isNear = number < before + MAX_GAP && room <= MAX_SPARSE_ROOM
  if (!isNear && room >= MAX_PLACES_PER_NUMBER * map.numbers) return isWatched ? strange(map) : 0
  map.room = room
  const cost = COST_SLOT_BYTES * (room - before)
  const paid = Math.min(map.credit, cost)
  map.credit -= paid
  return cost - paid
}

/** The step from `step` with the key from `start` to `end`. If it is new: the step nearest to it, below 0, or 0 for none. */
function nextStep(bytes: Uint8Array, step: number, start: number, end: number): number {
  const latest = LATEST[step] as number
  if (latest > 0 && isKeyOf(bytes, latest, start, end)) return latest
  let way = TREE[step] as number
  while (way > 0) way = WAYS[2 * way + bitOf(bytes, start, end, BIT[way] as number)] as number
  if (way === 0 || !isKeyOf(bytes, -way, start, end)) return way
  LATEST[step] = -way
  return -way
}

/** Remembers the step from that of `map` with the key from `start` to `end`; `nearest` is what was found in its place. */
function learn(bytes: Uint8Array, map: OpenMap, nearest: number, start: number, end: number): void {
  if (steps === KNOWN_STEPS) {
    // All is forgotten, so that what comes next can be known again, whatever came before.
    forgetKeys()
    for (const open of MAPS) open.step = FORGOTTEN
    return
  }
  const parent = map.step
  steps += 1
  KEY_START[steps] = start
  LATEST[steps] = 0
  TREE[steps] = 0
  if (nearest === 0) TREE[parent] = -steps
  else branch(bytes, parent, nearest, start, end)
  LATEST[parent] = steps
  map.step = steps
}

/** Puts the latest step into the tree of `parent`, by the first bit in which its key differs from that of `nearest`. */
function branch(bytes: Uint8Array, parent: number, nearest: number, start: number, end: number): void {
  const other = KEY_START[nearest] as number
  // No key is the beginning of another one, because its first bytes say how long it is.
  let index = 0
  while (bytes[start + index] === bytes[other + index]) index += 1
  const difference = (bytes[start + index] as number) ^ (bytes[other + index] as number)
  const bit = index * 8 + Math.clz32(difference) - 24
  let from = -1
  let way = TREE[parent] as number
  while (way > 0 && (BIT[way] as number) < bit) {
    from = 2 * way + bitOf(bytes, start, end, BIT[way] as number)
    way = WAYS[from] as number
  }
  branches += 1
  BIT[branches] = bit
  const side = bitOf(bytes, start, end, bit)
  WAYS[2 * branches + side] = -steps
  WAYS[2 * branches + 1 - side] = way
  if (from < 0) TREE[parent] = branches
  else WAYS[from] = branches
}

function isKeyOf(bytes: Uint8Array, step: number, start: number, end: number): boolean {
  // The first bytes of a key say how long it is, so that a longer one differs in them.
  const ahead = (KEY_START[step] as number) - start
  for (let at = start; at < end; at += 1) if (bytes[at] !== bytes[at + ahead]) return false
  return true
}

/** A bit of the key from `start` to `end`. Beyond its end any answer will do: it is none of the keys there. */
function bitOf(bytes: Uint8Array, start: number, end: number, bit: number): number {
  const at = start + (bit >> 3)
  return at < end ? ((bytes[at] as number) >> (7 - (bit & 7))) & 1 : 0
}

/** The first byte of a key, with those that say how long its text is. */
function headSize(token: number): number {
  return token >= 0xd9 && token <= 0xdb ? 1 + 2 ** (token - 0xd9) : 1
}

/** Where the key at `start` ends, whose `head` was counted. */
function endOf(bytes: Uint8Array, start: number, head: number): number {
  const token = bytes[start] as number
  if (token <= 0x7f || token >= 0xe0) return start + 1
  if (token <= 0xbf) return start + 1 + (token & 0x1f)
  // Integers of 1, 2, 4 or 8 bytes.
  if (token <= 0xd3) return start + 1 + 2 ** (token & 3)
  return start + head + unsigned(bytes, start + 1, start + head)
}

/** The number that a key is as an index of an array, as an integer or in its decimal digits; -1 for any other key. */
function numberAt(bytes: Uint8Array, start: number, content: number, end: number): number {
  const token = bytes[start] as number
  if (token <= 0x7f) return token
  if (token >= 0xe0) return -1
  if (token <= 0xbf || token >= 0xd9) return decimal(bytes, content, end)
  if (token >= 0xd0 && (bytes[content] as number) > 0x7f) return -1
  const number = unsigned(bytes, content, end)
  return number < END_OF_INDICES ? number : -1
}

function decimal(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start
  if (digits < 1 || digits > 10 || (digits > 1 && bytes[start] === 0x30)) return -1
  let number = 0
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number < END_OF_INDICES ? number : -1
}

function unsigned(bytes: Uint8Array, start: number, end: number): number {
  let number = 0
  for (let at = start; at < end; at += 1)
    number = number * 256 + (at < bytes.length ? (bytes[at] as number) : 0)
  return number
}
