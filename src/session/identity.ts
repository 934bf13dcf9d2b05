/**
 * Who a party is and which Hellos it takes: the rules of introduction, over plain values.
 */

import type { Incarnation } from '../base/ids.ts'
import { CAPABILITY_TRANSFERS } from '../wire/limits.ts'
import type { Hello, RefuseReason, Role, Welcome } from '../wire/messages.ts'

/** The protocol versions that this code speaks. */
export const MIN_VERSION = 1
export const MAX_VERSION = 1

/** What a node or client says of itself. */
export interface Identity {
  readonly name: string
  readonly role: Role
  readonly incarnation: Incarnation
  readonly network: string
  readonly maxBodyBytes: number
  /** Tells this host from others (protocol.md, S18); without it, shortcuts are neither offered nor taken. */
  readonly hostToken?: string | undefined
  /** The ipc endpoint that this node offers to parties on its host. */
  readonly shortcut?: string | undefined
}

/** Why a Hello is refused. */
export interface Refusal {
  readonly reason: RefuseReason
  readonly text: string
}

/** The Hello of `self` to the peer that it expects at the other end. */
export function helloOf(self: Identity, expects: string): Hello {
  return {
    kind: 'hello',
    minVersion: MIN_VERSION,
    maxVersion: MAX_VERSION,
    role: self.role,
    name: self.name,
    incarnation: self.incarnation,
    network: self.network,
    expects,
    capabilities: CAPABILITY_TRANSFERS,
    maxBodyBytes: self.maxBodyBytes,
  }
}

/** The Welcome of `self` to a Hello that `judgeHello` accepted. */
export function welcomeOf(self: Identity, hello: Hello, window: number): Welcome {
  return {
    kind: 'welcome',
    version: Math.min(MAX_VERSION, hello.maxVersion),
    name: self.name,
    incarnation: self.incarnation,
    window,
    capabilities: CAPABILITY_TRANSFERS,
    maxBodyBytes: self.maxBodyBytes,
    // The token is of use only together with a shortcut.
    hostToken: self.shortcut === undefined ? '' : (self.hostToken ?? ''),
    shortcut: self.shortcut ?? '',
  }
}

/** Whether `self`, with these members beside it, takes the Hello; a refusal with its reason when not. */
export function judgeHello(
  self: Identity,
  isMember: (name: string) => boolean,
  hello: Hello,
): Refusal | undefined {
  if (hello.maxVersion < MIN_VERSION || hello.minVersion > MAX_VERSION) {
    const theirs = `${hello.minVersion} to ${hello.maxVersion}`
    return {
      reason: 'version',
      text: `This node speaks protocol ${MIN_VERSION} to ${MAX_VERSION}, not ${theirs}`,
    }
  }
  if (hello.network !== self.network) {
    return { reason: 'network', text: `This is network "${self.network}", not "${hello.network}"` }
  }
  if (hello.expects !== '' && hello.expects !== self.name) {
    return { reason: 'wrong-node', text: `This is "${self.name}", not "${hello.expects}"` }
  }
  if (hello.name === self.name)
    return { reason: 'name-taken', text: `"${self.name}" is this node's own name` }
  if (hello.role === 'client') {
    // A handler knows a caller by its name alone, so that a client must not bear the name of a member.
    return isMember(hello.name)
      ? { reason: 'name-taken', text: `"${hello.name}" is the name of a member` }
      : undefined
  }
  if (!isMember(hello.name)) {
    return { reason: 'unknown-node', text: `"${hello.name}" is not in the peers list of "${self.name}"` }
  }
  return undefined
}
