/**
 * Z85 (ZeroMQ RFC 32): 32 bytes of a key as 40 characters that survive source code, JSON and shells. It deliberately
 * does not know what a key is.
 */

import { assert } from './assert.ts'

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
const DIGITS = new Map([...ALPHABET].map((character, digit) => [character, digit]))
/** Five characters stand for four bytes. */
const BASE = 85

/** The text of bytes whose number is a multiple of 4. */
export function encodeZ85(bytes: Uint8Array): string {
  assert(bytes.length % 4 === 0, 'Z85 takes multiples of 4 bytes')
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    let value = 0
    for (const byte of bytes.subarray(at, at + 4)) value = value * 256 + byte
    for (let power = BASE ** 4; power >= 1; power /= BASE) text += ALPHABET[Math.floor(value / power) % BASE]
  }
  return text
}

/** The bytes of a text; undefined when it is no Z85. */
export function decodeZ85(text: string): Uint8Array | undefined {
  if (text.length % 5 !== 0) return undefined
  const bytes = new Uint8Array((text.length / 5) * 4)
  for (let at = 0; at < text.length; at += 5) {
    let value = 0
    for (const character of text.slice(at, at + 5)) {
      const digit = DIGITS.get(character)
      if (digit === undefined) return undefined
      value = value * BASE + digit
    }
    if (value >= 2 ** 32) return undefined
    for (let index = 3; index >= 0; index -= 1) {
      bytes[(at / 5) * 4 + index] = value % 256
      value = Math.floor(value / 256)
    }
  }
  return bytes
}
