/**
 * The bytes that the proofs of HELLO and WELCOME are made of (protocol.md, P4 and P6): all that the message says, in its
 * own encoding, behind a label that says which of the two it is. It stands beside the codec, because it is the codec's
 * bytes; what is made of them is a matter of security/proof.ts.
 *
 * It writes what the decoder understood, not what came in: a field that this version does not know is not proven, and
 * nothing goes by it.
 */

import { assert } from '../base/assert.ts'
import { GREETING_MAX_BYTES, writeProvenHello, writeWelcome } from './greeting.ts'
import { PROOF_BYTES } from './limits.ts'
import type { Hello, Welcome } from './messages.ts'
import { Writer } from './writer.ts'

const HELLO_LABEL = 'zmqnet hello 1'
const WELCOME_LABEL = 'zmqnet welcome 1'
/** The longer label and its zero byte. */
const LABEL_BYTES = WELCOME_LABEL.length + 1

/** What a Hello proves: all its fields but the proof itself. It has both nonces. */
export function helloTranscript(hello: Hello): Uint8Array {
  assert(hello.proof !== undefined, 'a Hello is proven with both nonces')
  const writer = begin(HELLO_LABEL)
  writeProvenHello(writer, hello)
  return writer.take()
}

/** What a Welcome proves: all its fields but the proof, and both nonces of the Hello that it answers. */
export function welcomeTranscript(welcome: Welcome, nonce: Uint8Array, challenge: Uint8Array): Uint8Array {
  assert(nonce.length === PROOF_BYTES && challenge.length === PROOF_BYTES, 'a nonce has 32 bytes')
  const writer = begin(WELCOME_LABEL)
  writeWelcome(writer, { ...welcome, proof: undefined })
  for (const bytes of [nonce, challenge]) {
    writer.buffer.set(bytes, writer.position)
    writer.position += bytes.length
  }
  return writer.take()
}

/** A writer with the label, and a zero byte that ends it, so that no label is the beginning of another. */
function begin(label: string): Writer {
  const writer = new Writer(LABEL_BYTES + GREETING_MAX_BYTES)
  writer.position = writer.buffer.write(label, 0, 'latin1')
  writer.byte(0)
  return writer
}
