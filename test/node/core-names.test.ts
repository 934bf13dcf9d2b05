/** Whole cores that meet two processes of one name, or cannot dial a name that is there. */

import test from 'ava'
import { CoreMesh, type Member } from '../support/core-mesh.ts'
import { hello, incarnation } from '../support/samples.ts'

/** Two nodes that are connected both ways. */
function pair(): { readonly mesh: CoreMesh; readonly alpha: Member; readonly bravo: Member } {
  const mesh = new CoreMesh()
  const alpha = mesh.start('alpha', ['bravo'])
  const bravo = mesh.start('bravo', ['alpha'])
  mesh.join('alpha', 'bravo')
  alpha.events.length = 0
  return { mesh, alpha, bravo }
}

test('S11: a second process of the same name is refused while the first lives', (t) => {
  const { mesh, alpha } = pair()
  const stranger = mesh.start('bravo-2', ['alpha'])
  mesh.isLost = (from) => from === 'bravo-2'
  mesh.connect('bravo-2', 'alpha')
  stranger.sent.length = 0
  mesh.isLost = () => false
  mesh.forge('bravo-2', 'alpha', hello({ incarnation: incarnation(99) }))
  t.deepEqual(
    alpha.take('hello-refused').map(({ text }) => text),
    ['name-taken: Another running process is "bravo"'],
  )
  t.is(alpha.core.detector.get('bravo').incarnation, incarnation(2))
})

test('S11: the name of a node whose loop is blocked stays its own while our link to it stands', (t) => {
  const { mesh, alpha } = pair()
  mesh.start('bravo-2', ['alpha'])
  // Of bravo-2 only what is forged arrives, and bravo says nothing more.
  mesh.isLost = (from) => from === 'bravo-2' || from === 'bravo'
  mesh.connect('bravo-2', 'alpha')
  mesh.forge('bravo-2', 'alpha', hello({ incarnation: incarnation(99) }))
  mesh.pass(5000)
  t.is(alpha.core.detector.get('bravo').incarnation, incarnation(2))
  t.deepEqual(
    alpha.take('hello-refused').map(({ text }) => text),
    ['name-taken: "bravo" runs already, and its event loop does not answer'],
  )
  // Its process ends: now the newcomer has the name.
  mesh.cut('alpha', 'bravo')
  mesh.forge('bravo-2', 'alpha', hello({ incarnation: incarnation(99) }))
  mesh.pass(1000)
  t.is(alpha.core.detector.get('bravo').incarnation, incarnation(99))
})

test('L16: a peer that cannot be dialled is asked on its session, and heard', (t) => {
  const { mesh, alpha } = pair()
  const at = mesh.now
  mesh.pass(100)
  // The link of alpha breaks, and its next dial comes to nothing; the one of bravo stands.
  mesh.cut('alpha', 'bravo', 'silent')
  mesh.settle()
  t.is(alpha.core.detector.get('bravo').heardAt, at + 100)
  mesh.pass(400)
  mesh.cut('alpha', 'bravo', 'silent')
  mesh.pass(5000)
  t.is(alpha.core.detector.get('bravo').state, 'alive')
  t.deepEqual(alpha.take('peer-state'), [])
})

test('L20: what is asked on a session says whether nothing was heard, and the one who asks is asked about there', (t) => {
  const { mesh, bravo } = pair()
  mesh.pass(1000)
  bravo.take('probe-peer')
  // Heard a moment ago: the silence of the link is the only one.
  mesh.cut('alpha', 'bravo', 'silent')
  mesh.settle()
  t.deepEqual(bravo.take('probe-peer'), [])
  mesh.connect('alpha', 'bravo')
  mesh.isLost = (from) => from === 'bravo'
  mesh.pass(600)
  t.deepEqual(bravo.take('probe-peer'), [])
  mesh.cut('alpha', 'bravo', 'closed')
  mesh.settle()
  t.deepEqual(bravo.take('probe-peer'), [], 'an end that is told is no silence')
  mesh.cut('alpha', 'bravo', 'silent')
  mesh.settle()
  t.like(bravo.take('probe-peer')[0], { peer: 'alpha', why: 'deaf' })
  mesh.cut('bravo', 'alpha', 'unreachable')
  t.is(bravo.core.detector.get('alpha').state, 'dead')
})
