/**
 * Messages as the frames in which they would travel. A node leaves it to its outbox which messages go together; a test
 * wants all of them, in their order.
 */

import { isLarge, pack, sizeOf } from '../../src/wire/batch.ts'
import { FRAME_HEADER_BYTES, FRAME_TARGET_BYTES } from '../../src/wire/limits.ts'
import type { Message } from '../../src/wire/messages.ts'

/** Packs any messages, in their order, into as few ZeroMQ messages as that takes. Each is an array of frames. */
export function encodeBatch(messages: readonly Message[], now: number): readonly (readonly Uint8Array[])[] {
  const packed: (readonly Uint8Array[])[] = []
  let run: Message[] = []
  let runBytes = FRAME_HEADER_BYTES
  const flush = (): void => {
    if (run.length > 0) packed.push(pack(now, run))
    run = []
    runBytes = FRAME_HEADER_BYTES
  }
  for (const message of messages) {
    if (isLarge(message)) {
      flush()
      packed.push(pack(now, [message]))
      continue
    }
    const sizeBytes = sizeOf(message)
    if (runBytes + sizeBytes > FRAME_TARGET_BYTES) flush()
    run.push(message)
    runBytes += sizeBytes
  }
  flush()
  return packed
}
