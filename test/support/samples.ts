/**
 * Messages and ids for tests of machines: each with everything in place, so that a test says only what it is about.
 */

import type { ConnectionId, Incarnation } from '../../src/base/ids.ts'
import type { RequestOrder } from '../../src/rpc/caller.ts'
import type { Identity } from '../../src/session/identity.ts'
import type { Body, Hello, Reject, Reply, Request, Send, Welcome } from '../../src/wire/messages.ts'

export const NO_BODY: Body = { type: 'none', bytes: new Uint8Array(0) }

export function connection(number: number): ConnectionId {
  return number as ConnectionId
}

export function incarnation(number: number): Incarnation {
  return number as Incarnation
}

/** Who the machines of most tests belong to. */
export const ALPHA: Identity = {
  name: 'alpha',
  role: 'node',
  incarnation: incarnation(9),
  network: 'test',
  maxBodyBytes: 1000,
}

/** A body of that many bytes. */
export function bodyOf(sizeBytes: number): Body {
  return { type: 'raw', bytes: new Uint8Array(sizeBytes) }
}

export function hello(changes: Partial<Hello> = {}): Hello {
  return {
    kind: 'hello',
    minVersion: 1,
    maxVersion: 1,
    role: 'node',
    name: 'bravo',
    incarnation: incarnation(1),
    network: 'test',
    expects: 'alpha',
    capabilities: 0,
    maxBodyBytes: 1024 * 1024,
    ...changes,
  }
}

export function welcome(changes: Partial<Welcome> = {}): Welcome {
  return {
    kind: 'welcome',
    version: 1,
    name: 'bravo',
    incarnation: incarnation(1),
    window: 1,
    capabilities: 0,
    maxBodyBytes: 1024 * 1024,
    hostToken: '',
    shortcut: '',
    ...changes,
  }
}

export function request(sequence: number, changes: Partial<Request> = {}): Request {
  return {
    kind: 'request',
    sequence,
    floor: 1,
    attempt: 1,
    requestKind: 'request',
    deadlineAt: 1_000_000,
    expiresAt: Number.POSITIVE_INFINITY,
    verb: 'greet',
    body: NO_BODY,
    ...changes,
  }
}

export function reply(sequence: number, body: Body = NO_BODY): Reply {
  return { kind: 'reply', sequence, body }
}

export function reject(sequence: number, changes: Partial<Reject> = {}): Reject {
  return { kind: 'reject', of: 'request', sequence, reason: 'unknown-verb', code: '', text: 'No', ...changes }
}

export function send(sequence: number, changes: Partial<Send> = {}): Send {
  return {
    kind: 'send',
    sequence,
    expiresAt: Number.POSITIVE_INFINITY,
    verb: 'note',
    body: NO_BODY,
    ...changes,
  }
}

export function order(changes: Partial<RequestOrder> = {}): RequestOrder {
  return {
    verb: 'greet',
    body: NO_BODY,
    requestKind: 'request',
    timeoutMs: 2500,
    retries: 3,
    deadlineAt: 10_000,
    idempotent: false,
    ticket: undefined,
    ...changes,
  }
}
