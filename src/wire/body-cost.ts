/**
 * What decoding a msgpack body will cost in memory: the sums for maps and arrays, and what is too much. The scan adds them
 * up, at the receiver and at the sender, so that what may be sent is never refused at the other end.
 *
 * It is an estimate of V8's heap, not a measure: good enough to tell rows of data from a bomb.
 */

import {
  BODY_COST_CONSTANT_BYTES,
  BODY_COST_FACTOR,
  COST_ARRAY_BYTES,
  COST_DICTIONARY_ENTRY_BYTES,
  COST_MAP_BYTES,
  COST_SLOT_BYTES,
  RECORD_ENTRIES,
} from './limits.ts'

/** What a map of `entries` costs, without its values, if its keys are like those of others. */
export function costOfMap(entries: number): number {
  const dictionaryEntries = entries > RECORD_ENTRIES ? entries - RECORD_ENTRIES : 0
  return COST_MAP_BYTES + entries * COST_SLOT_BYTES + dictionaryEntries * COST_DICTIONARY_ENTRY_BYTES
}

/** What an array of `items` costs, without its items. */
export function costOfArray(items: number): number {
  return COST_ARRAY_BYTES + items * COST_SLOT_BYTES
}

/** What a body of `sizeBytes` may cost. */
export function costLimit(sizeBytes: number): number {
  return sizeBytes * BODY_COST_FACTOR + BODY_COST_CONSTANT_BYTES
}
