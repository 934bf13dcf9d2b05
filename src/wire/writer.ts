/**
 * A growing buffer to encode into, and how strings get into it. One writer serves all batches, one after the other: the
 * finished bytes are copied out in their exact size, so that a small frame that waits for a slow peer holds no large
 * buffer alive. (A copy of 64 KiB costs about as much as encoding twenty requests.)
 */

import { assert } from '../base/assert.ts'
import { varintSizeBytes, writeVarint } from './varint.ts'

/** Up to this length, a loop over the characters beats the call into native code. */
const SHORT_TEXT_CHARACTERS = 64

/** Where envelopes are written. The hot paths of the codec read and set the two fields themselves. */
export class Writer {
  buffer: Buffer
  position = 0

  constructor(sizeBytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(sizeBytes)
  }

  /** Makes room for `sizeBytes` more. */
  reserve(sizeBytes: number): void {
    const needed = this.position + sizeBytes
    if (needed <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(larger, 0, 0, this.position)
    this.buffer = larger
  }

  /** Copies what was written since the start and begins anew. */
  take(): Buffer {
    const bytes = Buffer.allocUnsafe(this.position)
    this.buffer.copy(bytes, 0, 0, this.position)
    this.position = 0
    return bytes
  }

  /** Appends an unsigned varint. */
  varint(value: number): void {
    this.position = writeVarint(this.buffer, this.position, value)
  }

  /** Appends one byte. */
  byte(value: number): void {
    this.buffer[this.position++] = value
  }

  /** Appends a string as length and UTF-8, cut on a character boundary where it is longer than `maxBytes`. */
  truncatedText(text: string, maxBytes: number): void {
    this.position = writeText(this.buffer, this.position, truncate(text, maxBytes))
  }
}

/** Writes a string as varint length and UTF-8 and gives the position after it. The caller has made room. */
export function writeText(buffer: Buffer, position: number, text: string): number {
  const length = text.length
  if (length <= SHORT_TEXT_CHARACTERS) {
    let at = position + 1
    let index = 0
    for (; index < length; index += 1) {
      const code = text.charCodeAt(index)
      if (code >= 0x80) break
      buffer[at++] = code
    }
    if (index === length) {
      buffer[position] = length
      return at
    }
  }
  const sizeBytes = Buffer.byteLength(text)
  const start = writeVarint(buffer, position, sizeBytes)
  const written = buffer.write(text, start, sizeBytes, 'utf8')
  assert(written === sizeBytes, 'a string was given too little room')
  return start + written
}

/** The longest beginning of `text` that takes at most `maxBytes` in UTF-8 and ends on a character boundary. */
export function truncate(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text
  // A character takes a byte or more. If this cuts a pair of surrogates, the half takes three bytes and falls off below.
  const head = text.slice(0, maxBytes)
  const bytes = Buffer.allocUnsafe(maxBytes)
  return bytes.toString('utf8', 0, bytes.write(head, 0, maxBytes, 'utf8'))
}

/**
 * Closes an envelope: writes the length of what stands behind the `reservedBytes` at `start`. When the guess was wrong
 * (a verb that is not ASCII), the content is moved, because only the shortest varint is valid.
 */
export function closeEnvelope(writer: Writer, start: number, reservedBytes: number): void {
  const contentStart = start + reservedBytes
  const lengthBytes = writer.position - contentStart
  const sizeBytes = varintSizeBytes(lengthBytes)
  if (sizeBytes !== reservedBytes) {
    writer.reserve(sizeBytes)
    writer.buffer.copyWithin(start + sizeBytes, contentStart, writer.position)
    writer.position += sizeBytes - reservedBytes
  }
  writeVarint(writer.buffer, start, lengthBytes)
}
