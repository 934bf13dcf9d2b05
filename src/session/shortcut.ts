/**
 * When a dialler takes the shortcut that a Welcome offers: the rule of protocol.md, S17 and S18, over plain values.
 *
 * A shortcut comes from a stranger, and dialling it is something that the stranger makes us do. So only one form is
 * followed, with a name that no socket of another program has: whatever it is, it is no way to make a node knock at the
 * socket of a database or of a container engine. It deliberately does not know whether anybody listens there.
 */

import type { Welcome } from '../wire/messages.ts'

/** An abstract name, or a socket called `s` in a folder of its own; either with 128 random bits. */
const SHORTCUT_PATTERN = /^ipc:\/\/(@|\/([^\p{Cc}]*\/)?)zmqnet-[0-9a-f]{32}(\/s)?$/u

/** Whether an endpoint has the form of a shortcut. */
export function isShortcut(endpoint: string): boolean {
  const match = SHORTCUT_PATTERN.exec(endpoint)
  if (match === null) return false
  // An abstract name has no folder, and a folder is no socket.
  return (match[1] === '@') === (match[3] === undefined)
}

/** Whether a party whose own host token is `hostToken` follows what this Welcome offers. */
export function offersShortcut(hostToken: string | undefined, welcome: Welcome): boolean {
  if (hostToken === undefined || hostToken === '') return false
  return welcome.hostToken === hostToken && isShortcut(welcome.shortcut)
}
