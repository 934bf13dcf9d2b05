/**
 * Copies of frames, for a message that goes from one simulated process to another: they must share no memory. A run copies
 * hundreds of megabytes, and memory of its own for each frame was a third of all that a campaign costs; so copies of some
 * size stand side by side in slabs, as Node.js itself does it with small ones.
 *
 * What is kept of a copy keeps its slab alive: that is the price, and the reason why a slab is not larger.
 */

/** Smaller copies come from the pool that Node.js has for them. */
const MIN_BYTES = 4096
/** Copies of more than a quarter of this have memory of their own, so that little of a slab is wasted. */
const SLAB_BYTES = 1024 * 1024

let slab = Buffer.alloc(0)
let usedBytes = 0

/** The same bytes in memory of the receiver's. */
export function copyOf(bytes: Uint8Array): Buffer {
  const sizeBytes = bytes.length
  if (sizeBytes < MIN_BYTES || sizeBytes > SLAB_BYTES / 4) return Buffer.from(bytes)
  if (usedBytes + sizeBytes > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    usedBytes = 0
  }
  const copy = slab.subarray(usedBytes, usedBytes + sizeBytes)
  copy.set(bytes)
  usedBytes += sizeBytes
  return copy
}
