/** The sessions of alpha on their own, for tests: a Hello at a time, and what they sent and told. */

import type { ConnectionId, Incarnation } from '../../src/base/ids.ts'
import { type SessionEvent, Sessions } from '../../src/session/sessions.ts'
import type { Hello } from '../../src/wire/messages.ts'
import { Recorder } from './recorder.ts'
import { ALPHA, connection, hello, incarnation } from './samples.ts'

export interface Scene {
  readonly sessions: Sessions
  readonly out: Recorder<SessionEvent>
  /** The run of each node to which our own link stands. */
  readonly linked: Map<string, Incarnation>
}

export const OLD = connection(1)
export const NEW = connection(2)
export const THIRD = connection(3)

export function scene(): Scene {
  const out = new Recorder<SessionEvent>()
  const linked = new Map<string, Incarnation>()
  const settings = {
    isMember: (name: string) => name === 'bravo',
    linkedRun: (name: string) => linked.get(name),
  }
  return { sessions: new Sessions(ALPHA, settings, out), out, linked }
}

export function run(number: number): Hello {
  return hello({ incarnation: incarnation(number) })
}

export function told(out: Recorder<SessionEvent>): [string, ConnectionId][] {
  return out.told().map((event) => {
    return [event.kind, 'connection' in event ? event.connection : event.session.connection]
  })
}

/** A scene in which run 1 of bravo has a session on OLD, and run 2 wants its name on NEW. */
export function challenged(): Scene {
  const made = scene()
  made.sessions.hello(0, OLD, run(1))
  made.out.told()
  made.sessions.hello(100, NEW, run(2))
  return made
}
