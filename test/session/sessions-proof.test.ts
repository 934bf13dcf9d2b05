/**
 * The answering side in secure mode as a script: who is asked for a proof, who is refused, and whose session ends when
 * keys change.
 */

import test from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import type { Keyring } from '../../src/node/keyring.ts'
import { Proofs } from '../../src/security/proof.ts'
import { type SessionEvent, Sessions } from '../../src/session/sessions.ts'
import type { Hello } from '../../src/wire/messages.ts'
import { keyring, keys, settingsOf, trusted } from '../support/keys.ts'
import { Recorder } from '../support/recorder.ts'
import { ALPHA, connection, hello, incarnation } from '../support/samples.ts'

const OLD = connection(1)
const NEW = connection(2)
const OPS = trusted('ops', { role: 'client' })
const PARTIES = [trusted('alpha'), trusted('bravo'), trusted('charlie'), OPS]

interface Scene {
  readonly sessions: Sessions
  readonly out: Recorder<SessionEvent>
  readonly ring: Keyring
}

/** The sessions of alpha, with bravo and charlie for members. */
function scene(): Scene {
  const out = new Recorder<SessionEvent>()
  const ring = keyring(settingsOf('alpha', PARTIES))
  const isMember = (name: string): boolean => name === 'bravo' || name === 'charlie'
  return {
    sessions: new Sessions(
      ALPHA,
      { isMember, linkedRun: () => undefined, prover: new Proofs(ring, ring) },
      out,
    ),
    out,
    ring,
  }
}

/** Says Hello on a connection, and once more with the proof that is asked for, made with the key of `owner`. */
function greet({ sessions, out }: Scene, at: ConnectionId, said: Hello, owner = said.name, now = 0): Hello {
  sessions.hello(now, at, said)
  const [challenge] = out.sentOf('challenge')
  if (challenge === undefined) throw new Error('no challenge')
  const ring = keyring(settingsOf(owner, PARTIES))
  const made = new Proofs(ring, ring).prove(said, challenge.nonce, ring.nonce(), 0)
  if (made === undefined) throw new Error('nothing to prove with')
  sessions.hello(now, at, made.hello)
  return made.hello
}

function run(number: number, changes: Partial<Hello> = {}): Hello {
  return hello({ incarnation: incarnation(number), ...changes })
}

test('P1: a Hello without a proof is answered with a challenge, and nothing is remembered', (t) => {
  const { sessions, out } = scene()
  for (const at of [OLD, OLD, NEW]) {
    sessions.hello(0, at, run(1))
    const sent = out.sentTo()
    t.deepEqual(
      sent.map(({ to, message }) => [to, message.kind]),
      [[at, 'challenge']],
    )
  }
  t.deepEqual(out.told(), [])
  t.is(sessions.size, 0)
  t.is(sessions.deadline, Number.POSITIVE_INFINITY)
})

test('P4: a proven Hello begins a session, which knows by which keys', (t) => {
  const made = scene()
  const said = greet(made, OLD, run(1))
  t.deepEqual(made.out.toldKinds(), ['session-opened'])
  const session = made.sessions.get(OLD)
  t.is(session?.name, 'bravo')
  t.deepEqual(session?.proven?.match, { own: keys('alpha')[0]?.key, theirs: keys('bravo')[0]?.key })
  t.deepEqual(session?.proven?.proof, said.proof)
})

test('P5: a name that is not proven is refused and told, whoever has a session', (t) => {
  const made = scene()
  const { sessions, out } = made
  greet(made, OLD, run(1))
  out.told()
  greet(made, NEW, run(2), 'charlie')
  t.like(out.sentTo(), [{ to: NEW, message: { kind: 'refuse', reason: 'not-proven' } }])
  t.like(out.told(), [{ kind: 'impostor', connection: NEW, party: 'bravo' }])
  t.is(sessions.get(NEW), undefined)
  t.is(sessions.get(OLD)?.name, 'bravo')
  // S11 would have asked the owner of the name for a sign of life, and waited.
  t.false(sessions.deadline < 30_000)
})

test('P5: what is refused without a proof is refused before one is asked for', (t) => {
  const { sessions, out } = scene()
  const table: [Partial<Hello>, string][] = [
    [{ network: 'other' }, 'network'],
    [{ expects: 'charlie' }, 'wrong-node'],
    [{ name: 'alpha' }, 'name-taken'],
    [{ name: 'zulu' }, 'unknown-node'],
    [{ role: 'client', name: 'bravo' }, 'name-taken'],
    [{ role: 'client', name: 'zulu' }, 'not-proven'],
  ]
  for (const [changes, reason] of table) {
    sessions.hello(0, OLD, hello(changes))
    t.like(out.sent(), [{ kind: 'refuse', reason }], reason)
  }
})

test('P5: the same Hello again on its session is asked for a proof again, and a wrong one ends nothing', (t) => {
  const made = scene()
  const { sessions, out } = made
  greet(made, OLD, run(1))
  const second = greet(made, OLD, run(1))
  t.deepEqual(out.toldKinds(), ['session-opened', 'session-opened'])
  t.deepEqual(sessions.get(OLD)?.proven?.proof, second.proof)
  greet(made, OLD, run(1), 'charlie')
  t.deepEqual(out.toldKinds(), ['impostor'])
  t.is(sessions.get(OLD)?.name, 'bravo')
})

test('P5: a captured Hello is worth nothing on another connection', (t) => {
  const made = scene()
  const { sessions, out } = made
  const captured = greet(made, OLD, run(1))
  out.sent()
  out.told()
  sessions.hello(1, NEW, captured)
  t.like(out.sent(), [{ kind: 'refuse', reason: 'not-proven' }])
  t.deepEqual(out.toldKinds(), ['impostor'])
})

test('S11: the owner of a name still asks its former run for a sign of life', (t) => {
  const made = scene()
  const { sessions, out } = made
  greet(made, OLD, run(1))
  greet(made, NEW, run(2), 'bravo', 100)
  t.like(out.sentTo(), [{ to: OLD, message: { kind: 'beat' } }])
  sessions.wake(1100)
  t.is(sessions.get(NEW)?.hello.incarnation, incarnation(2))
  t.deepEqual(out.toldKinds(), ['session-opened', 'session-closed', 'session-opened'])
})

test('P9: runs of one client have sessions side by side', (t) => {
  const made = scene()
  const { sessions, out } = made
  const client = (number: number): Hello => run(number, { role: 'client', name: 'ops' })
  greet(made, OLD, client(1))
  greet(made, NEW, client(2))
  t.deepEqual(out.toldKinds(), ['session-opened', 'session-opened'])
  t.is(sessions.size, 2)
  // The same run on another connection is not another client.
  greet(made, connection(3), client(2))
  t.deepEqual(out.toldKinds(), ['session-closed', 'session-opened'])
})

test('P8: when keys change, sessions end that were proven by one which is not accepted any more', (t) => {
  const made = scene()
  const { sessions, out, ring } = made
  greet(made, OLD, run(1))
  greet(made, NEW, run(2, { name: 'charlie' }))
  out.told()
  sessions.keysChanged(10)
  t.deepEqual(out.told(), [])
  ring.replace(settingsOf('alpha', [trusted('bravo', { keys: keys('other') }), trusted('charlie')]))
  sessions.keysChanged(20)
  t.like(out.told(), [{ kind: 'session-closed', session: { name: 'bravo' } }])
  t.is(sessions.size, 1)
  sessions.hello(21, OLD, run(1))
  t.deepEqual(
    out.sent().map(({ kind }) => kind),
    ['challenge'],
  )
})

test('P8: who is revoked is refused without a challenge, and a newcomer that waited for its session is judged anew', (t) => {
  const made = scene()
  const { sessions, out, ring } = made
  greet(made, OLD, run(1))
  greet(made, NEW, run(2), 'bravo', 100)
  out.told()
  out.sent()
  ring.replace(settingsOf('alpha', [trusted('bravo', { keys: [] })]))
  sessions.keysChanged(200)
  t.deepEqual(out.toldKinds(), ['session-closed', 'impostor'])
  t.like(out.sent(), [{ kind: 'refuse', reason: 'not-proven' }])
  sessions.hello(300, NEW, run(3))
  t.like(out.sent(), [{ kind: 'refuse', reason: 'not-proven' }])
  t.is(sessions.size, 0)
})
