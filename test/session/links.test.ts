/**
 * The dialling side of a connection as a script: every cell of the table of states in docs/protocol.md.
 */

import test from 'ava'
import { type Link, type LinkEvent, Links } from '../../src/session/links.ts'
import type { Refuse } from '../../src/wire/messages.ts'
import { Recorder } from '../support/recorder.ts'
import { ALPHA, connection, incarnation, welcome } from '../support/samples.ts'

const REFUSE: Refuse = { kind: 'refuse', reason: 'name-taken', text: 'No' }
const LINE = connection(1)

interface Scene {
  readonly links: Links
  readonly link: Link
  readonly out: Recorder<LinkEvent>
}

function down(): Scene {
  const out = new Recorder<LinkEvent>()
  const links = new Links(ALPHA, out)
  return { links, link: links.add('bravo', LINE), out }
}

function greeting(): Scene {
  const scene = down()
  scene.links.up(0, LINE)
  scene.out.sent()
  return scene
}

function open(): Scene {
  const scene = greeting()
  scene.links.welcome(0, scene.link, welcome())
  scene.out.told()
  return scene
}

function refused(): Scene {
  const scene = greeting()
  scene.links.refuse(0, scene.link, REFUSE)
  scene.out.told()
  return scene
}

/** Wakes the links at each of their deadlines up to `until`; gives when a Hello was sent. */
function run({ links, out }: Scene, until: number): number[] {
  const hellos: number[] = []
  while (links.deadline <= until) {
    const now = links.deadline
    links.wake(now)
    if (out.sentOf('hello').length > 0) hellos.push(now)
  }
  return hellos
}

test('S1: a connection that comes up is greeted with Hello', (t) => {
  const { links, link, out } = down()
  t.is(links.deadline, Number.POSITIVE_INFINITY)
  links.up(0, LINE)
  const [sent] = out.sentOf('hello')
  t.is(sent?.name, 'alpha')
  t.is(sent?.expects, 'bravo')
  t.is(link.state, 'greeting')
  t.is(links.deadline, 500)
})

test('S2: Hello is repeated after 500 ms, up to 4, and then the link is mute', (t) => {
  const scene = greeting()
  t.deepEqual(run(scene, 10_000), [500, 1000, 1500])
  t.deepEqual(scene.out.toldKinds(), ['link-mute'])
  t.is(scene.links.deadline, Number.POSITIVE_INFINITY)
  scene.links.down(2000, LINE, 'closed')
  scene.links.up(2001, LINE)
  t.is(scene.out.sentOf('hello').length, 1, 'the next connection is greeted anew')
  t.deepEqual(run(scene, 2600), [2501])
})

test('S2: a wake before its time does nothing', (t) => {
  const { links, out } = greeting()
  links.wake(499)
  t.deepEqual([out.sent(), out.told(), links.deadline], [[], [], 500])
})

test('S3: Welcome opens the link with its run, window and limit', (t) => {
  const { links, link, out } = greeting()
  links.welcome(7, link, welcome({ incarnation: incarnation(3), window: 4, maxBodyBytes: 77 }))
  t.is(link.state, 'open')
  t.deepEqual(link.session, { incarnation: incarnation(3), window: 4 })
  t.is(link.maxBodyBytes, 77)
  t.deepEqual(out.told(), [{ kind: 'link-opened', link, now: 7 }])
  t.is(links.deadline, Number.POSITIVE_INFINITY)
})

test('S3: a Welcome of another name, in another version or on a link that is down is ignored', (t) => {
  const scene = greeting()
  scene.links.welcome(0, scene.link, welcome({ name: 'charlie' }))
  scene.links.welcome(0, scene.link, welcome({ version: 2 }))
  scene.links.welcome(0, scene.link, welcome({ version: 0 }))
  t.is(scene.link.state, 'greeting')
  scene.links.down(1, LINE, 'closed')
  scene.links.welcome(1, scene.link, welcome())
  t.is(scene.link.state, 'down')
  t.deepEqual(scene.out.told(), [])
})

test('S4: the same Welcome again changes nothing, another one opens the link anew', (t) => {
  const { links, link, out } = open()
  links.welcome(1, link, welcome())
  t.deepEqual(out.told(), [])
  links.welcome(2, link, welcome({ window: 2 }))
  t.deepEqual(out.toldKinds(), ['link-closed', 'link-opened'])
  links.welcome(3, link, welcome({ incarnation: incarnation(2), window: 2 }))
  t.deepEqual(out.toldKinds(), ['link-closed', 'link-opened'])
  t.is(link.state, 'open')
})

test('S5: a refused link asks again after 1000 ms, doubling to 30,000', (t) => {
  const scene = greeting()
  const pauses: number[] = []
  let now = 0
  for (let count = 0; count < 8; count += 1) {
    scene.links.refuse(now, scene.link, REFUSE)
    t.is(scene.link.state, 'refused')
    const [hello] = run(scene, scene.links.deadline)
    pauses.push((hello ?? 0) - now)
    now = hello ?? 0
  }
  t.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
})

test('S5: Welcome and a new connection end the series of refusals', (t) => {
  for (const end of ['welcome', 'up'] as const) {
    const scene = refused()
    run(scene, 1000)
    scene.links.refuse(1000, scene.link, REFUSE)
    if (end === 'up') scene.links.up(1500, LINE)
    else {
      scene.links.welcome(1500, scene.link, welcome())
      scene.links.sayHello(2500, scene.link)
    }
    scene.links.refuse(2500, scene.link, REFUSE)
    t.is(scene.links.deadline, 3500, end)
  }
})

test('S5: a second Refuse in a row, and one on an open link, are ignored', (t) => {
  const twice = refused()
  twice.links.refuse(10, twice.link, REFUSE)
  t.is(twice.links.deadline, 1000)
  const late = open()
  late.links.refuse(10, late.link, REFUSE)
  t.is(late.link.state, 'open')
  t.deepEqual([twice.out.told(), late.out.told()], [[], []])
})

test('S5: a refused link that is welcomed after all is open', (t) => {
  const { links, link, out } = refused()
  links.welcome(10, link, welcome())
  t.is(link.state, 'open')
  t.deepEqual(out.toldKinds(), ['link-opened'])
  t.is(links.deadline, Number.POSITIVE_INFINITY)
})

test('S6: say-hello on an open link closes it and greets again', (t) => {
  const scene = open()
  scene.links.sayHello(500, scene.link)
  t.is(scene.link.state, 'greeting')
  t.is(scene.link.session, undefined)
  t.deepEqual(scene.out.toldKinds(), ['link-closed'])
  t.is(scene.out.sentOf('hello').length, 1)
  t.deepEqual(run(scene, 1000), [1000])
})

test('S6: a peer that says Welcome and say-hello in turn is greeted every 500 ms, no faster', (t) => {
  const scene = open()
  let hellos = 0
  for (let now = 1; now <= 10_000; now += 1) {
    scene.links.sayHello(now, scene.link)
    scene.links.wake(now)
    hellos += scene.out.sentOf('hello').length
    scene.links.welcome(now, scene.link, welcome())
    if (scene.link.state === 'open') scene.links.sayHello(now, scene.link)
  }
  t.true(hellos <= 20, `${hellos}`)
  scene.links.wake(scene.links.deadline)
  scene.links.welcome(20_000, scene.link, welcome())
  t.is(scene.link.state, 'open', 'and it recovers')
})

test('S6: say-hello on a link that is not open is ignored', (t) => {
  for (const scene of [down(), greeting(), refused()]) {
    const { state } = scene.link
    scene.links.sayHello(10, scene.link)
    t.is(scene.link.state, state)
    t.deepEqual([scene.out.sent(), scene.out.told()], [[], []])
  }
})

test('S7: from each state, down is down, and nothing waits for time', (t) => {
  for (const scene of [down(), greeting(), open(), refused()]) {
    const wasOpen = scene.link.state === 'open'
    scene.links.down(10, LINE, 'closed')
    t.is(scene.link.state, 'down')
    t.is(scene.link.session, undefined)
    t.is(scene.links.deadline, Number.POSITIVE_INFINITY)
    t.deepEqual(scene.out.toldKinds(), wasOpen ? ['link-closed'] : [])
  }
})

test('S7: from each state, a new connection is greeted', (t) => {
  for (const scene of [down(), greeting(), open(), refused()]) {
    const wasOpen = scene.link.state === 'open'
    scene.links.up(10, LINE)
    t.is(scene.link.state, 'greeting')
    t.is(scene.out.sentOf('hello').length, 1)
    t.is(scene.links.deadline, 510)
    t.deepEqual(scene.out.toldKinds(), wasOpen ? ['link-closed'] : [])
  }
})
