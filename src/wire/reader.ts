/**
 * A place in received bytes, with an end, and everything that can be read there. It never throws and never reads beyond
 * its end: the first fault is kept as a sentence, and reading goes on with zeros and empty strings, so that the decoders
 * need one check at their end instead of one behind each field.
 *
 * One reader serves a whole frame: no objects are made for the single envelopes.
 */

/** Verbs up to this many bytes are looked up before they are decoded. */
const CACHED_VERB_BYTES = 32
/** How many verbs are remembered: a table with one place for each hash; a newcomer takes the place. */
const VERB_CACHE_ENTRIES = 256

const verbCache: string[] = new Array<string>(VERB_CACHE_ENTRIES).fill('')

/** A body without bytes. Never written to: it has no byte. */
export const NO_BYTES: Buffer = Buffer.alloc(0)

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads from `position` to `end`. */
export class Reader {
  bytes: Buffer
  position: number
  end: number
  /** The first fault as a sentence; empty while there is none. */
  fault = ''
  /** The second frame of the ZeroMQ message, where there is one. */
  readonly secondFrame: Buffer | undefined
  /** Whether an envelope has taken the second frame as its body. */
  secondFrameTaken = false
  readonly maxBodyBytes: number
  /** Whether a body was larger than `maxBodyBytes` and left out. */
  bodyTooLarge = false

  constructor(bytes: Buffer, secondFrame: Buffer | undefined, maxBodyBytes: number) {
    this.bytes = bytes
    this.position = 0
    this.end = bytes.length
    this.secondFrame = secondFrame
    this.maxBodyBytes = maxBodyBytes
  }

  /** Keeps the first fault and gives 0, to go on with. */
  fail(fault: string): 0 {
    if (this.fault === '') this.fault = fault
    return 0
  }

  /** One byte. */
  byte(): number {
    if (this.position >= this.end) return this.fail('it ends too early')
    return this.bytes[this.position++] as number
  }

  /** An unsigned varint in its shortest form, up to 2^53 - 1. */
  varint(): number {
    const position = this.position
    if (position < this.end) {
      const byte = this.bytes[position] as number
      if (byte < 0x80) {
        this.position = position + 1
        return byte
      }
    }
    return this.#longVarint()
  }

  #longVarint(): number {
    let value = 0
    let factor = 1
    // Eight bytes hold 56 bits: the sum is exact as long as it is a safe integer, which is checked at the end.
    for (let count = 0; count < 8; count += 1) {
      if (this.position >= this.end) return this.fail('it ends inside a varint')
      const byte = this.bytes[this.position++] as number
      value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        if (byte === 0) return this.fail('a varint is longer than needed')
        if (value > Number.MAX_SAFE_INTEGER) return this.fail('a varint is above 2^53 - 1')
        return value
      }
      factor *= 0x80
    }
    return this.fail('a varint is longer than 8 bytes')
  }

  /** A string: varint length, then valid UTF-8 of at most `maxBytes`. */
  text(maxBytes: number, what: string): string {
    const length = this.varint()
    if (length > maxBytes) {
      this.fail(`its ${what} has ${length} bytes, at most ${maxBytes} are allowed`)
      return ''
    }
    return this.textOf(length, what)
  }

  /** The next `length` bytes as a string. */
  textOf(length: number, what: string): string {
    const start = this.position
    const stop = start + length
    if (stop > this.end) {
      this.fail(`it ends inside its ${what}`)
      return ''
    }
    this.position = stop
    const bytes = this.bytes
    for (let at = start; at < stop; at += 1) {
      if ((bytes[at] as number) >= 0x80) return this.#utf8(start, stop, what)
    }
    return bytes.toString('latin1', start, stop)
  }

  /** A string that is likely to have come before: found again by its bytes, without decoding. */
  cachedText(maxBytes: number, what: string): string {
    const bytes = this.bytes
    const length = this.position < this.end ? (bytes[this.position] as number) : 0
    const start = this.position + 1
    const stop = start + length
    if (length > CACHED_VERB_BYTES || stop > this.end) return this.text(maxBytes, what)
    let hash = length
    for (let at = start; at < stop; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0
    const slot = (hash ^ (hash >>> 8)) & (VERB_CACHE_ENTRIES - 1)
    const known = verbCache[slot] as string
    if (known.length === length) {
      let index = 0
      while (index < length && known.charCodeAt(index) === bytes[start + index]) index += 1
      if (index === length) {
        this.position = stop
        return known
      }
    }
    const text = this.text(maxBytes, what)
    // Only ASCII is kept: elsewhere characters and bytes do not correspond. A text with a fault is empty.
    if (text.length === length) verbCache[slot] = text
    return text
  }

  /** The bytes from here to the end, without a copy. */
  rest(): Buffer {
    const start = this.position
    this.position = this.end
    return start === this.end ? NO_BYTES : this.bytes.subarray(start, this.end)
  }

  #utf8(start: number, stop: number, what: string): string {
    try {
      return strictUtf8.decode(this.bytes.subarray(start, stop))
    } catch {
      this.fail(`its ${what} is not valid UTF-8`)
      return ''
    }
  }
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
