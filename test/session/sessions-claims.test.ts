/** Two runs that want one name, as a script: who is asked, what defends the name, who gets it. */

import test from 'ava'
import { SESSION_IDLE_MS } from '../../src/session/sessions.ts'
import { hello, incarnation } from '../support/samples.ts'
import { challenged, NEW, OLD, run, scene, THIRD, told } from '../support/sessions-scene.ts'

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
  linked.set('bravo', incarnation(1))
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
  linked.set('bravo', incarnation(2))
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

test('S11: a run without a session keeps its name while our link to it stands', (t) => {
  const { sessions, out, linked } = scene()
  linked.set('bravo', incarnation(1))
  sessions.hello(0, NEW, run(2))
  t.deepEqual([out.sent(), told(out)], [[], []], 'nobody is asked, and nobody answered')
  t.is(sessions.deadline, 1000)
  sessions.wake(999)
  t.deepEqual(told(out), [])
  sessions.wake(1000)
  t.deepEqual(
    out.sentTo().map(({ to, message }) => [to, message.kind === 'refuse' && message.reason]),
    [[NEW, 'name-taken']],
  )
  t.deepEqual(told(out), [['hello-refused', NEW]])
  t.is(sessions.size, 0)
  sessions.hello(1100, THIRD, run(1))
  t.deepEqual(told(out), [['session-opened', THIRD]], 'that run itself')
})

test('S11: a run whose session ends keeps its name while our link to it stands, and no longer', (t) => {
  const { sessions, out, linked } = challenged()
  out.told()
  linked.set('bravo', incarnation(1))
  sessions.gone(150, OLD)
  t.deepEqual(told(out), [['session-closed', OLD]])
  t.is(sessions.deadline, 1150)
  sessions.unlinked(200, 'charlie')
  t.deepEqual(told(out), [], 'the link to somebody else')
  linked.clear()
  sessions.unlinked(200, 'bravo')
  t.deepEqual(told(out), [['session-opened', NEW]])
  t.is(sessions.deadline, 200 + SESSION_IDLE_MS)
})

test('S11: a link that ended unseen does not defend a name, and the end of one no session', (t) => {
  const { sessions, out, linked } = scene()
  linked.set('bravo', incarnation(1))
  sessions.hello(0, NEW, run(2))
  linked.clear()
  sessions.wake(1000)
  t.deepEqual(told(out), [['session-opened', NEW]])
  sessions.hello(1100, THIRD, run(3))
  sessions.unlinked(1200, 'bravo')
  t.deepEqual(told(out), [])
})

test('S11: a link defends no client, and not against the run that it leads to', (t) => {
  const { sessions, out, linked } = scene()
  linked.set('x', incarnation(1)).set('bravo', incarnation(2))
  sessions.hello(0, NEW, hello({ role: 'client', name: 'x', incarnation: incarnation(7) }))
  sessions.hello(0, THIRD, run(2))
  t.deepEqual(told(out), [
    ['session-opened', NEW],
    ['session-opened', THIRD],
  ])
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
