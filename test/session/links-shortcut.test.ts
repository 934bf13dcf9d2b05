/** How a link moves to a shortcut, and how it comes back: S17 and S19, with the rows of S7 that speak of it. */

import test from 'ava'
import { type Link, type LinkEvent, Links } from '../../src/session/links.ts'
import type { Welcome } from '../../src/wire/messages.ts'
import { Recorder } from '../support/recorder.ts'
import { ALPHA, connection, incarnation, welcome } from '../support/samples.ts'

const LINE = connection(1)
const SHORTCUT = `ipc://@zmqnet-${'0'.repeat(32)}`
const ANOTHER = `ipc://@zmqnet-${'1'.repeat(32)}`

interface Scene {
  readonly links: Links
  readonly link: Link
  readonly out: Recorder<LinkEvent>
}

function greeting(hostToken: string | undefined, carrier: 'tcp' | 'ipc' = 'tcp'): Scene {
  const out = new Recorder<LinkEvent>()
  const links = new Links({ ...ALPHA, hostToken }, out)
  const link = links.add('bravo', LINE)
  links.up(0, LINE, carrier)
  out.sent()
  return { links, link, out }
}

function offer(changes: Partial<Welcome> = {}): Welcome {
  return welcome({ hostToken: 'here', shortcut: SHORTCUT, ...changes })
}

function moving(): Scene {
  const scene = greeting('here')
  scene.links.welcome(0, scene.link, offer())
  scene.out.told()
  return scene
}

test('S17: a Welcome with a shortcut of this host does not open the link, but moves it', (t) => {
  const { links, link, out } = greeting('here')
  links.welcome(7, link, offer())
  t.deepEqual(out.told(), [{ kind: 'link-shortcut', link, endpoint: SHORTCUT }])
  t.deepEqual([link.state, link.session, link.openCarrier], ['moving', undefined, undefined])
  t.deepEqual(out.sent(), [], 'nothing is sent on the connection that is to be dropped')
  t.is(links.deadline, Number.POSITIVE_INFINITY)
})

test('S17: the link greets anew on the shortcut, and opens there', (t) => {
  const { links, link, out } = moving()
  links.up(10, LINE, 'ipc')
  t.is(out.sentOf('hello').length, 1)
  links.welcome(11, link, offer())
  t.deepEqual(out.toldKinds(), ['link-opened'])
  t.is(link.openCarrier, 'ipc')
})

const STAYS: readonly (readonly [string, Scene, Welcome])[] = [
  ['another host token', greeting('here'), offer({ hostToken: 'there' })],
  ['no host token', greeting('here'), offer({ hostToken: '' })],
  ['no shortcut', greeting('here'), offer({ shortcut: '' })],
  ['a tcp endpoint', greeting('here'), offer({ shortcut: 'tcp://127.0.0.1:22' })],
  ['the socket of another program', greeting('here'), offer({ shortcut: 'ipc:///run/docker.sock' })],
  ['a NUL in it', greeting('here'), offer({ shortcut: `${SHORTCUT}\0` })],
  ['no host token of its own', greeting(''), offer({ hostToken: '' })],
  ['shortcuts switched off', greeting(undefined), offer()],
  ['a connection that is ipc already', greeting('here', 'ipc'), offer()],
]
for (const [what, { links, link, out }, message] of STAYS) {
  test(`S17: with ${what}, the link opens where it is`, (t) => {
    links.welcome(7, link, message)
    t.deepEqual(out.toldKinds(), ['link-opened'])
    t.is(link.state, 'open')
  })
}

test('S17: an open link does not move when it hears of a shortcut', (t) => {
  const { links, link, out } = greeting('here')
  links.welcome(0, link, welcome())
  out.told()
  links.welcome(1, link, offer())
  t.deepEqual(out.told(), [])
  links.welcome(2, link, offer({ window: 2 }))
  t.deepEqual(out.toldKinds(), ['link-closed', 'link-opened'])
  t.is(link.openCarrier, 'tcp')
})

test('S7: a link that moves hears nothing on its old connection, and waits for the new one', (t) => {
  const { links, link, out } = moving()
  links.welcome(1, link, offer())
  links.welcome(1, link, welcome())
  links.refuse(1, link, { kind: 'refuse', reason: 'closing', text: '' })
  links.sayHello(1, link)
  links.wake(60_000)
  links.down(1, LINE, 'reset')
  t.is(link.state, 'moving')
  t.deepEqual([out.sent(), out.told()], [[], []])
})

test('S7: a link that moves is down when the transport says so, and greets when it is up', (t) => {
  for (const cause of ['refused', 'silent', 'closed'] as const) {
    const { links, link, out } = moving()
    links.down(1, LINE, cause)
    t.is(link.state, 'down')
    links.up(2, LINE, 'tcp')
    t.is(link.state, 'greeting')
    t.is(out.sentOf('hello').length, 1)
    t.deepEqual(out.told(), [])
  }
})

test('S19: a shortcut that could not be reached is tried three times, and then another one is', (t) => {
  const { links, link, out } = moving()
  for (let tries = 1; tries < 3; tries += 1) {
    links.up(tries, LINE, 'tcp')
    links.welcome(tries, link, offer())
    t.deepEqual(out.toldKinds(), ['link-shortcut'])
  }
  links.up(10, LINE, 'tcp')
  links.welcome(11, link, offer())
  t.deepEqual(out.toldKinds(), ['link-opened'])
  links.down(12, LINE, 'closed')
  links.up(13, LINE, 'tcp')
  links.welcome(14, link, offer({ incarnation: incarnation(2), shortcut: ANOTHER }))
  t.deepEqual(out.toldKinds(), ['link-closed', 'link-shortcut'])
})

test('S19: where nobody answers Hello on the shortcut, the link is mute, and opens on tcp then', (t) => {
  const { links, link, out } = moving()
  links.up(10, LINE, 'ipc')
  for (let count = 0; count < 4; count += 1) links.wake(links.deadline)
  t.deepEqual(out.toldKinds(), ['link-mute'])
  links.down(2010, LINE, 'reset')
  links.up(2011, LINE, 'tcp')
  links.welcome(2012, link, offer())
  t.deepEqual(out.toldKinds(), ['link-opened'])
  t.is(link.openCarrier, 'tcp')
})

test('S19: a connection over the shortcut that ends before it answered is one try of three', (t) => {
  const { links, link, out } = moving()
  for (const expected of ['link-shortcut', 'link-shortcut', 'link-opened']) {
    links.up(10, LINE, 'ipc')
    links.down(20, LINE, 'closed')
    links.up(30, LINE, 'tcp')
    links.welcome(31, link, offer())
    t.deepEqual(out.toldKinds(), [expected])
  }
})

test('S19: whatever was tried before, with other keys the shortcut is tried anew', (t) => {
  const { links, link, out } = moving()
  for (let count = 0; count < 10; count += 1) {
    links.up(10, LINE, 'ipc')
    t.false(links.keysChanged(link))
    links.down(20, LINE, 'reset')
    links.up(30, LINE, 'tcp')
    links.welcome(31, link, offer())
    t.deepEqual(out.toldKinds(), ['link-shortcut'])
  }
})

test('S19: a link whose shortcut held for a while takes it again after a break', (t) => {
  const { links, link, out } = moving()
  links.up(10, LINE, 'ipc')
  links.welcome(11, link, offer())
  links.down(5000, LINE, 'closed')
  links.up(5010, LINE, 'tcp')
  out.told()
  links.welcome(5011, link, offer())
  t.deepEqual(out.toldKinds(), ['link-shortcut'])
})
