/**
 * A sender, a queue that has room for three messages, a link that comes and goes, and a receiver, under random stories:
 * messages leave in the order in which they were given, none twice, and each settles once, whatever happens.
 */

import test from 'ava'
import fc from 'fast-check'
import { Sender, type SenderEvent } from '../../src/oneway/sender.ts'
import type { Send } from '../../src/wire/messages.ts'
import { bodyOf, connection, incarnation } from '../support/samples.ts'
import { ack, order } from './sender-rig.ts'

const ROOM = 3
const BODIES = [0, 1, 5].map((megabytes) => bodyOf(megabytes * 1024 * 1024))

const STEPS = [
  'send',
  'send',
  'flush',
  'leave',
  'leave',
  'ack',
  'down',
  'up',
  'restart',
  'cancel',
  'time',
] as const

/** One story. The queue does what the mailer does, in few lines. */
class Story {
  readonly sender: Sender
  readonly outcomes = new Map<number, string[]>()
  /** The tickets of what left, in that order. */
  readonly left: number[] = []
  #now = 0
  #count = 0
  #run = 1
  #isUp = false
  #isHoldingUp = false
  #queue: Send[] = []
  #refused: Send[] = []
  /** The numbers that the present run of the receiver has. */
  #received: number[] = []
  readonly #parcels: ReturnType<Sender['send']>[] = []

  constructor() {
    this.sender = new Sender({
      send: (_to, message) => this.#push(message as Send),
      tell: (event) => this.#hear(event),
    })
    this.sender.addPeer('bravo', connection(1))
  }

  step(kind: (typeof STEPS)[number], choice: number): void {
    switch (kind) {
      case 'send': {
        const body = BODIES[choice % BODIES.length] ?? bodyOf(0)
        const deadlineAt = this.#now + 20 + choice
        this.#parcels.push(
          this.sender.send(this.#now, 'bravo', order({ body, deadlineAt, ticket: this.#count })),
        )
        this.#count += 1
        return
      }
      case 'flush':
        this.#flush()
        return
      case 'leave':
        this.#leave()
        return
      case 'ack':
        for (const sequence of this.#received.splice(0, choice)) {
          this.sender.acknowledged(this.#now, 'bravo', ack([sequence, sequence]))
        }
        return
      case 'down':
        this.#down()
        return
      case 'up':
        this.#up()
        return
      case 'restart':
        this.#down()
        this.#run += 1
        this.#received = []
        return
      case 'cancel': {
        const parcel = this.#parcels[choice % Math.max(1, this.#parcels.length)]
        if (parcel !== undefined) this.sender.cancel(this.#now, parcel)
        return
      }
      case 'time':
        this.#now += choice % 10
        this.sender.wake(this.#now)
        return
      default:
    }
  }

  /** Heals everything, and lets all that is pending come to its end. Gives whether it did. */
  finish(): boolean {
    for (let count = 0; count < 1000 && this.sender.pendingCount > 0; count += 1) {
      this.#up()
      this.#flush()
      this.#leave()
      this.step('ack', ROOM)
      // What was lost with a connection settles only by its deadline.
      if (count > 500) this.step('time', 9)
    }
    return this.sender.pendingCount === 0 && this.sender.deadline === Number.POSITIVE_INFINITY
  }

  get count(): number {
    return this.#count
  }

  #push(message: Send): boolean {
    if (this.#isHoldingUp || this.#queue.length >= ROOM) {
      this.#isHoldingUp = true
      this.#refused.push(message)
      return false
    }
    this.#queue.push(message)
    return true
  }

  #flush(): void {
    for (const message of this.#refused.splice(0)) this.sender.unsent(this.#now, 'bravo', message, 'full')
    this.#tellOfRoom()
  }

  #leave(): void {
    const message = this.#queue.shift()
    if (message === undefined) return
    if (message.expiresAt <= this.#now) {
      this.sender.unsent(this.#now, 'bravo', message, 'expired')
    } else {
      this.left.push(this.#parcels.findIndex((parcel) => parcel.sequence === message.sequence))
      this.#received.push(message.sequence)
    }
    this.#tellOfRoom()
  }

  #tellOfRoom(): void {
    if (!this.#isHoldingUp || this.#refused.length > 0 || this.#queue.length > ROOM / 2) return
    this.#isHoldingUp = false
    this.sender.roomAgain('bravo')
  }

  #down(): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.sender.linkClosed('bravo')
    this.#isHoldingUp = false
    const unsent = [...this.#queue.splice(0), ...this.#refused.splice(0)]
    for (const message of unsent) this.sender.unsent(this.#now, 'bravo', message, 'down')
  }

  #up(): void {
    if (this.#isUp) return
    this.#isUp = true
    this.sender.linkOpened(this.#now, 'bravo', { incarnation: incarnation(this.#run), window: 1 })
  }

  #hear(event: SenderEvent): void {
    const ticket = event.parcel.ticket as number
    const outcome = event.kind === 'send-delivered' ? 'delivered' : event.failure.kind
    const failure = event.kind === 'send-failed' ? event.failure : undefined
    const sent = failure !== undefined && 'sent' in failure ? `${failure.sent}` : ''
    if (outcome === 'not-sent' && this.#now < event.parcel.order.deadlineAt) {
      throw new Error(`${ticket} was given up before its time`)
    }
    this.outcomes.set(ticket, [...(this.outcomes.get(ticket) ?? []), outcome + sent])
  }
}

test('O2, O11, O13: in any story, messages leave in order and once, and each settles once with the truth', (t) => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.nat(100)), {
    minLength: 40,
    maxLength: 120,
    size: 'max',
  })
  let leftCount = 0
  const told = new Set<string>()
  fc.assert(
    fc.property(steps, (all) => {
      const story = new Story()
      for (const [kind, choice] of all) story.step(kind, choice)
      if (!story.finish()) throw new Error('something is pending for ever')
      for (const [index, ticket] of story.left.entries()) {
        if (index > 0 && ticket <= (story.left[index - 1] ?? -1))
          throw new Error(`out of order: ${story.left}`)
      }
      const left = new Set(story.left)
      for (let ticket = 0; ticket < story.count; ticket += 1) {
        const [outcome, ...others] = story.outcomes.get(ticket) ?? []
        if (outcome === undefined || others.length > 0) throw new Error(`${ticket}: ${outcome} ${others}`)
        told.add(outcome)
        const mustNotHaveLeft = outcome === 'not-sent' || outcome === 'abortedfalse'
        if (mustNotHaveLeft && left.has(ticket)) throw new Error(`${ticket} left, and was told ${outcome}`)
        if (outcome === 'delivered' && !left.has(ticket)) throw new Error(`${ticket} was never sent`)
      }
      leftCount += story.left.length
    }),
    { seed: 3, numRuns: 2000 },
  )
  t.true(leftCount > 10_000, `${leftCount} left`)
  t.deepEqual(
    [...told].sort(),
    ['abortedfalse', 'abortedtrue', 'delivered', 'not-sent', 'restarted', 'unknown'],
    'the stories see every outcome',
  )
})
