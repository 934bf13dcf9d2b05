/**
 * What decoding a msgpack body will cost in memory: one estimate for the sender, who counts while it checks a value, and
 * for the receiver, who counts while it scans bytes. Both must come to the same sum, or a body that may be sent could be
 * refused at the other end.
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

/** What a map of `entries` costs, without its values. */
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
