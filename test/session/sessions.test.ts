/**
 * The answering side of connections as a script: who is taken, who takes over, who is forgotten.
 */

import test from 'ava'
import { MAX_SESSIONS, SESSION_IDLE_MS, type Session } from '../../src/session/sessions.ts'
import { connection, hello, incarnation } from '../support/samples.ts'
import { challenged, NEW, OLD, run, scene, THIRD, told } from '../support/sessions-scene.ts'

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
