/**
 * Unsigned LEB128: seven bits in each byte, the lowest first, the high bit says that more follow. Values up to 2^53 - 1,
 * so at most eight bytes. Only the shortest form is valid, so that equal messages have equal bytes.
 *
 * Shifts work on 32 bits in JavaScript; beyond them division takes over. Reading stands in reader.ts, beside the place
 * that it moves.
 */

import { assert } from '../base/assert.ts'

/** The most bytes that a varint takes: 8 x 7 bits hold the 53 bits of a safe integer. */
export const MAX_VARINT_BYTES = 8

const TWO_POW_28 = 2 ** 28

/** Writes `value` at `position` and gives the position after it. The caller has made room. */
export function writeVarint(buffer: Uint8Array, position: number, value: number): number {
  if (value < 0x80 && value >= 0 && (value | 0) === value) {
    buffer[position] = value
    return position + 1
  }
  return writeLongVarint(buffer, position, value)
}

function writeLongVarint(buffer: Uint8Array, start: number, value: number): number {
  assert(Number.isSafeInteger(value) && value >= 0, 'a varint is a safe integer of 0 or more')
  let position = start
  let rest = value
  while (rest >= TWO_POW_28) {
    // The remainder first: `rest` may have more than 32 bits, of which `&` would only see the low ones, which suffice.
    buffer[position++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  while (rest >= 0x80) {
    buffer[position++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[position++] = rest
  return position
}

/** How many bytes `writeVarint` will write. */
export function varintSizeBytes(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x200000) return 3
  if (value < TWO_POW_28) return 4
  let sizeBytes = 5
  for (let bound = 2 ** 35; value >= bound; bound *= 0x80) sizeBytes += 1
  return sizeBytes
}
