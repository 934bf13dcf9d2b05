/**
 * A driver between a pretended transport and an owner that a test plays: what it hears when, what it hands on, and what
 * an owner that throws costs. What it does in a whole node is tested with nodes.
 */

import test from 'ava'
import type { Clock } from '../../src/base/clock.ts'
import type { ConnectionId } from '../../src/base/ids.ts'
import { seededRandom } from '../../src/base/random.ts'
import { Driver } from '../../src/node/driver.ts'
import { Keyring } from '../../src/node/keyring.ts'
import { Task } from '../../src/node/task.ts'
import type { SendResult, Transport } from '../../src/transport/transport.ts'
import type { Message } from '../../src/wire/messages.ts'
import { encodeBatch } from '../support/encode-batch.ts'
import { pair, settingsOf, trusted } from '../support/keys.ts'
import { ALPHA, connection, hello, welcome } from '../support/samples.ts'

const BRAVO = connection(1)
const GUEST = connection(2)

/** A driver of alpha, who dials bravo, and the world around it. */
class Scene {
  now = 1000
  readonly told: string[] = []
  readonly faults: string[] = []
  readonly hungUp: ConnectionId[] = []
  readonly #deferred: (() => void)[] = []
  /** What the owner does with an event, after it was written down. */
  onEvent: (kind: string) => void = () => {}
  ring: () => void = () => {}
  rekey: () => Promise<void> = async () => {}
  readonly sends: ((result: SendResult) => void)[] = []
  readonly driver: Driver

  constructor(isSecure = false) {
    const clock: Clock = {
      now: () => this.now,
      preciseNow: () => this.now,
      wallNow: () => this.now,
      setAlarm: (_at, ring) => {
        this.ring = ring
      },
      defer: (task) => this.#deferred.push(task),
    }
    const transport: Partial<Transport> = {
      dial: () => BRAVO,
      describe: (at) => (at === BRAVO ? 'tcp://bravo' : `inbound ${at}`),
      send: (_to: ConnectionId, _frames, done) => this.sends.push(done),
      rekey: () => this.rekey(),
      reset: () => {},
      hangUp: (at) => this.hungUp.push(at),
      close: async () => {},
    }
    const parties = [trusted('alpha'), trusted('bravo')]
    this.driver = new Driver(
      { clock, random: seededRandom(1), transport: () => transport as Transport },
      {
        onEvent: ({ kind }) => {
          this.told.push(kind)
          this.onEvent(kind)
        },
        onFault: (text) => this.faults.push(text),
      },
      isSecure ? new Keyring(settingsOf('alpha', parties, [pair('alpha')]), () => 0) : undefined,
    )
  }

  begin(): void {
    this.driver.begin({
      self: ALPHA,
      peers: [{ name: 'bravo', address: 'tcp://bravo' }],
      tickMs: 500,
      hasVerb: () => true,
    })
  }

  hear(at: ConnectionId, ...messages: Message[]): void {
    for (const frames of encodeBatch(messages, this.now)) this.driver.receive(at, frames)
  }

  turn(): void {
    for (const task of this.#deferred.splice(0)) task()
  }

  /** Everything that a transport may tell. */
  tellAll(): void {
    this.driver.up(BRAVO)
    this.hear(BRAVO, welcome())
    this.hear(GUEST, hello())
    this.driver.down(BRAVO, 'closed')
    this.driver.keysChanged()
    this.turn()
    this.ring()
  }
}

test('before its beginning and after its end a driver hears nothing', async (t) => {
  const scene = new Scene()
  scene.tellAll()
  t.deepEqual([scene.told, scene.sends.length], [[], 0])
  scene.begin()
  scene.tellAll()
  t.true(scene.told.includes('link-opened') && scene.told.includes('session-opened'))
  await scene.driver.close()
  scene.told.length = 0
  const sent = scene.sends.length
  scene.driver.inNextTurn(t.fail)
  scene.tellAll()
  for (const done of scene.sends) done('gone')
  t.deepEqual([scene.told, scene.sends.length, scene.faults], [[], sent, []])
})

test('S14: an inbound connection is forgotten with its session, and not before', (t) => {
  const scene = new Scene()
  scene.begin()
  scene.hear(GUEST, hello())
  const pass = (ms: number): void => {
    scene.now += ms
    scene.ring()
    // An alarm that rings late lets the transport tell first, in a turn of its own.
    for (let turn = 0; turn < 3; turn += 1) scene.turn()
  }
  pass(29_999)
  t.deepEqual(scene.hungUp, [])
  pass(1)
  t.deepEqual(scene.hungUp, [GUEST])
})

test('an owner that throws on an event is told so, and gets all that are behind it', (t) => {
  const scene = new Scene()
  scene.begin()
  scene.onEvent = (kind) => {
    if (kind === 'peer-state') throw new Error('a bug of its own')
  }
  scene.driver.up(BRAVO)
  scene.hear(BRAVO, welcome())
  t.deepEqual(scene.faults, ['Handing on "peer-state" failed: Error: a bug of its own'])
  t.true(scene.told.indexOf('link-opened') > scene.told.indexOf('peer-state'), scene.told.join())
})

test('an owner that calls into the core gets what that tells after what it has', (t) => {
  const scene = new Scene()
  scene.begin()
  scene.driver.up(BRAVO)
  scene.onEvent = (kind) => {
    if (kind === 'link-opened') scene.driver.down(BRAVO, 'closed')
  }
  scene.hear(BRAVO, welcome())
  t.is(scene.told.at(-1), 'link-closed')
  t.deepEqual(scene.faults, [])
})

test('a fault is told with the place that it is about', (t) => {
  const scene = new Scene()
  scene.driver.fault(BRAVO, 'it broke')
  scene.driver.fault(undefined, 'all broke')
  t.deepEqual(scene.faults, ['tcp://bravo: it broke', 'all broke'])
})

test('E8: keys with which the transport cannot listen are a fault, and the driver goes on', async (t) => {
  const scene = new Scene(true)
  scene.begin()
  scene.rekey = () => Promise.reject(new Error('no listener'))
  scene.driver.keysChanged()
  await new Promise((resolve) => setImmediate(resolve))
  t.deepEqual(scene.faults, ['New keys: Error: no listener'])
  scene.driver.up(BRAVO)
  scene.turn()
  t.is(scene.sends.length, 1, 'it says Hello')
})

test('an alarm that was moved meanwhile does nothing', (t) => {
  const scene = new Scene()
  scene.begin()
  scene.turn()
  let runs = 0
  const task = new Task(() => {
    runs += 1
  })
  scene.driver.schedule(task, scene.now + 1)
  scene.turn()
  const former = scene.ring
  scene.driver.schedule(task, scene.now + 2)
  scene.turn()
  scene.now += 2
  former()
  t.is(runs, 0)
  scene.ring()
  t.is(runs, 1)
})
