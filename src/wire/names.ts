/**
 * What may stand where the protocol says "name": nodes, clients, networks. One rule for the configuration, which tells
 * the user, and for the wire, which tells the peer.
 *
 * A name is seen in logs, in file paths of the user and on command lines; so it has no white space, no control or
 * invisible formatting characters and no slash. It deliberately allows every script: a name need not be ASCII.
 */

import { MAX_NAME_BYTES } from './limits.ts'

const NAME_PATTERN = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Z}/]+$/u

/** The rule in words, to follow "a name has". */
export const NAME_RULE = `1 to ${MAX_NAME_BYTES} bytes of UTF-8 without white space, control characters or "/"`

/** Whether `text` can name a node, a client or a network. */
export function isName(text: string): boolean {
  if (text.length === 0 || text.length > MAX_NAME_BYTES) return false
  return NAME_PATTERN.test(text) && Buffer.byteLength(text) <= MAX_NAME_BYTES
}
