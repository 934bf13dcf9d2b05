/**
 * The answering side of connections as a script: who is taken, who takes over, who is challenged, who is forgotten.
 */

import test from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import {
  MAX_SESSIONS,
  SESSION_IDLE_MS,
  type Session,
  type SessionEvent,
  Sessions,
} from '../../src/session/sessions.ts'
import type { Hello } from '../../src/wire/messages.ts'
import { Recorder } from '../support/recorder.ts'
import { ALPHA, connection, hello, incarnation } from '../support/samples.ts'

interface Scene {
  readonly sessions: Sessions
  readonly out: Recorder<SessionEvent>
  /** The runs to which our own link stands. */
  readonly linked: Set<number>
}

const OLD = connection(1)
const NEW = connection(2)
const THIRD = connection(3)

function scene(): Scene {
  const out = new Recorder<SessionEvent>()
  const linked = new Set<number>()
  const settings = {
    isMember: (name: string) => name === 'bravo',
    isLinked: (one: Hello) => linked.has(one.incarnation),
  }
  return { sessions: new Sessions(ALPHA, settings, out), out, linked }
}

function run(number: number): Hello {
  return hello({ incarnation: incarnation(number) })
}

function told(out: Recorder<SessionEvent>): [string, ConnectionId][] {
  return out.told().map((event) => {
    return [event.kind, 'connection' in event ? event.connection : event.session.connection]
  })
}

/** A scene in which run 1 of bravo has a session on OLD, and run 2 wants its name on NEW. */
function challenged(): Scene {
  const made = scene()
  made.sessions.hello(0, OLD, run(1))
  made.out.told()
  made.sessions.hello(100, NEW, run(2))
  return made
}

test('S8: a Hello that is not taken is refused, and leaves nothing behind', (t) => {
  const { sessions, out } = scene()
  sessions.hello(0, OLD, hello({ network: 'other' }))
  t.deepEqual(
    out.sentTo().map(({ to, message }) => [to, message.kind]),
    [[OLD, 'refuse']],
  )
  t.deepEqual(told(out), [['hello-refused', OLD]])
  t.is(sessions.size, 0)
  t.is(sessions.deadline, Number.POSITIVE_INFINITY)
})

test('S9: a Hello that is taken begins a session, and the same again is told again', (t) => {
  const { sessions, out } = scene()
  sessions.hello(0, OLD, run(1))
  t.is(sessions.get(OLD)?.name, 'bravo')
  sessions.hello(5, OLD, run(1))
  t.deepEqual(told(out), [
    ['session-opened', OLD],
    ['session-opened', OLD],
  ])
  t.is(sessions.size, 1)
})

test('S9: a Hello of another run or name on a session is malformed', (t) => {
  const { sessions, out } = scene()
  sessions.hello(0, OLD, run(1))
  out.told()
  for (const other of [run(2), hello({ role: 'client' }), hello({ role: 'client', name: 'x' })]) {
    sessions.hello(1, OLD, other)
    t.deepEqual(
      out.sentOf('refuse').map(({ reason }) => reason),
      ['malformed'],
    )
  }
  t.is(sessions.get(OLD)?.hello.incarnation, incarnation(1))
})

test('S10: the same run on another connection takes over', (t) => {
  const { sessions, out } = scene()
  sessions.hello(0, OLD, run(1))
  sessions.hello(1, NEW, run(1))
  t.deepEqual(told(out), [
    ['session-opened', OLD],
    ['session-closed', OLD],
    ['session-opened', NEW],
  ])
  t.is(sessions.get(OLD), undefined)
  t.is(sessions.size, 1)
})

test('S8: a client does not take the name of a member, whether that is here or not', (t) => {
  const { sessions, out } = scene()
  sessions.hello(0, OLD, run(1))
  sessions.hello(1, NEW, hello({ role: 'client', incarnation: incarnation(7) }))
  t.deepEqual(told(out), [
    ['session-opened', OLD],
    ['hello-refused', NEW],
  ])
  t.is(sessions.size, 1)
})

test('S11: another run makes the node ask the old connection, and answers nobody yet', (t) => {
  const { sessions, out } = challenged()
  const [sent, ...others] = out.sentTo()
  t.is(sent?.to, OLD)
  t.like(sent?.message, { kind: 'beat', number: 0, wantsEcho: true, hearsNothing: false })
  t.deepEqual(others, [])
  t.is(sessions.deadline, 1100)
  sessions.hello(600, NEW, run(2))
  t.deepEqual([out.sent(), told(out)], [[], []], 'a Hello that is repeated meanwhile')
  t.is(sessions.deadline, 1100)
})

test('S11: when the old connection gives a sign of life, the newcomer is refused', (t) => {
  const { sessions, out } = challenged()
  const old = sessions.get(OLD)
  out.sent()
  if (old !== undefined) sessions.heard(200, old)
  t.deepEqual(
    out.sentTo().map(({ to, message }) => [to, message.kind === 'refuse' && message.reason]),
    [[NEW, 'name-taken']],
  )
  t.deepEqual(told(out), [['hello-refused', NEW]])
  t.is(sessions.deadline, SESSION_IDLE_MS)
  sessions.hello(1300, NEW, run(2))
  t.deepEqual(
    out.sentTo().map(({ to }) => to),
    [OLD],
    'it may try again, and the old one is asked again',
  )
})

test('S11: when the old connection stays silent for 1000 ms, the newcomer takes over', (t) => {
  const { sessions, out } = challenged()
  sessions.wake(1099)
  t.deepEqual(told(out), [])
  sessions.wake(1100)
  t.deepEqual(told(out), [
    ['session-closed', OLD],
    ['session-opened', NEW],
  ])
  t.is(sessions.get(NEW)?.hello.incarnation, incarnation(2))
})

test('S11: when the old connection stays silent, but our link to that run stands, the newcomer is refused', (t) => {
  const { sessions, out, linked } = challenged()
  linked.add(1)
  out.told()
  sessions.wake(1099)
  t.deepEqual(told(out), [])
  sessions.wake(1100)
  t.deepEqual(told(out), [['hello-refused', NEW]])
  t.is(sessions.get(OLD)?.name, 'bravo')
  // Its process has ended since.
  linked.clear()
  sessions.hello(3000, NEW, run(2))
  sessions.wake(4000)
  t.is(sessions.get(NEW)?.name, 'bravo')
})

test('S11: a link to another run than the old one does not defend a name', (t) => {
  const { sessions, linked } = challenged()
  linked.add(2)
  sessions.wake(1100)
  t.is(sessions.get(NEW)?.name, 'bravo')
})

test('S11: when nobody is at the end of the old connection, the newcomer takes over at once', (t) => {
  const { sessions, out } = challenged()
  sessions.gone(150, OLD)
  t.deepEqual(told(out), [
    ['session-closed', OLD],
    ['session-opened', NEW],
  ])
  t.is(sessions.deadline, 150 + SESSION_IDLE_MS)
})

test('S11: a newcomer that goes away leaves the old session alone', (t) => {
  const { sessions, out } = challenged()
  sessions.gone(150, NEW)
  sessions.wake(2000)
  t.deepEqual(told(out), [])
  t.is(sessions.get(OLD)?.name, 'bravo')
  t.is(sessions.deadline, SESSION_IDLE_MS)
})

test('S11: of several newcomers, the first takes over and the next must challenge it', (t) => {
  for (const way of ['gone', 'silence'] as const) {
    const { sessions, out } = challenged()
    sessions.hello(100, THIRD, run(3))
    out.sent()
    if (way === 'gone') sessions.gone(200, OLD)
    else sessions.wake(1100)
    t.deepEqual(
      told(out),
      [
        ['session-closed', OLD],
        ['session-opened', NEW],
      ],
      way,
    )
    t.deepEqual(
      out.sentTo().map(({ to, message }) => [to, message.kind]),
      [[NEW, 'beat']],
      way,
    )
    const incumbent = sessions.get(NEW)
    if (incumbent !== undefined) sessions.heard(1200, incumbent)
    t.deepEqual(
      out.sentOf('refuse').map(({ reason }) => reason),
      ['name-taken'],
      way,
    )
  }
})

test('S11: an old run that comes back on a third connection defends its name', (t) => {
  const { sessions, out } = challenged()
  sessions.hello(200, THIRD, run(1))
  t.is(sessions.get(THIRD)?.hello.incarnation, incarnation(1))
  out.sent()
  out.told()
  sessions.wake(1100)
  t.deepEqual(
    out.sentTo().map(({ to, message }) => [to, message.kind]),
    [[THIRD, 'beat']],
  )
  const incumbent = sessions.get(THIRD)
  if (incumbent !== undefined) sessions.heard(1200, incumbent)
  t.deepEqual(told(out), [['hello-refused', NEW]])
  t.is(sessions.get(THIRD)?.hello.incarnation, incarnation(1))
})

test('S11: signs of life of others do not defend a name', (t) => {
  const { sessions, out } = challenged()
  sessions.hello(200, THIRD, hello({ role: 'client', name: 'x' }))
  out.sent()
  const other = sessions.get(THIRD)
  if (other !== undefined) sessions.heard(300, other)
  t.deepEqual(out.sent(), [])
})

test('S12: above 4,096 sessions a Hello is refused, and a place that is left is given away', (t) => {
  const { sessions, out } = scene()
  for (let number = 1; number <= MAX_SESSIONS; number += 1) {
    sessions.hello(0, connection(number), hello({ role: 'client', name: `client-${number}` }))
  }
  out.told()
  const late = connection(MAX_SESSIONS + 1)
  sessions.hello(0, late, run(1))
  t.deepEqual(
    out.sentOf('refuse').map(({ reason }) => reason),
    ['too-many-sessions'],
  )
  sessions.gone(1, OLD)
  sessions.hello(2, late, run(1))
  t.is(sessions.get(late)?.name, 'bravo')
  t.is(sessions.size, MAX_SESSIONS)
})

test('S12: above 256 Hellos that wait for a challenge, further ones are refused', (t) => {
  const { sessions, out } = scene()
  sessions.hello(0, OLD, run(1))
  for (let number = 2; number <= 257; number += 1) sessions.hello(0, connection(number), run(number))
  t.is(out.sentOf('refuse').length, 0)
  sessions.hello(0, connection(999), run(999))
  t.deepEqual(
    out.sentOf('refuse').map(({ reason }) => reason),
    ['too-many-sessions'],
  )
})

test('S14: a session that is not heard for 30 s ends, one that is heard stays', (t) => {
  const { sessions, out } = scene()
  sessions.hello(0, OLD, run(1))
  sessions.hello(0, NEW, hello({ role: 'client', name: 'x' }))
  out.told()
  const heard = sessions.get(OLD)
  if (heard !== undefined) sessions.heard(20_000, heard)
  sessions.wake(SESSION_IDLE_MS - 1)
  t.deepEqual(told(out), [])
  sessions.wake(SESSION_IDLE_MS)
  t.deepEqual(told(out), [['session-closed', NEW]])
  t.is(sessions.deadline, 50_000)
  sessions.wake(50_000)
  t.deepEqual(told(out), [['session-closed', OLD]])
  t.is(sessions.deadline, Number.POSITIVE_INFINITY)
})

test('S14: a session that said goodbye ends after 2 s without a word, and lives while it speaks', (t) => {
  const { sessions, out } = scene()
  sessions.hello(0, OLD, run(1))
  const session = sessions.get(OLD) as Session
  sessions.leaving(100, session)
  sessions.heard(1500, session)
  sessions.wake(2100)
  t.is(sessions.size, 1)
  sessions.wake(3499)
  t.is(sessions.size, 1)
  sessions.wake(3500)
  t.is(sessions.size, 0)
  t.deepEqual(told(out).at(-1), ['session-closed', OLD])
})

test('S14: a connection that is gone ends its session once', (t) => {
  const { sessions, out } = scene()
  sessions.hello(0, OLD, run(1))
  out.told()
  sessions.gone(1, OLD)
  sessions.gone(2, OLD)
  sessions.gone(2, THIRD)
  t.deepEqual(told(out), [['session-closed', OLD]])
  t.is(sessions.deadline, Number.POSITIVE_INFINITY)
})

test('X2: while it closes, a Hello is refused, also one that waited, but not one that is repeated', (t) => {
  const { sessions, out } = challenged()
  out.sent()
  sessions.drain()
  sessions.hello(200, THIRD, hello({ role: 'client', name: 'x' }))
  t.deepEqual(
    out.sentOf('refuse').map(({ reason }) => reason),
    ['closing'],
  )
  sessions.gone(300, OLD)
  t.deepEqual(
    out.sentOf('refuse').map(({ reason }) => reason),
    ['closing'],
  )
  const other = scene()
  other.sessions.hello(0, OLD, run(1))
  other.sessions.drain()
  other.sessions.hello(1, OLD, run(1))
  t.deepEqual(other.out.sentOf('refuse'), [])
})
