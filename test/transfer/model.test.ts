/**
 * Random networks against the two ends: whatever is lost, repeated, reordered or comes late, a body arrives as it was,
 * or the transfer ends in words; nothing is ever left, and no body arrives twice without having been judged twice.
 */

import test from 'ava'
import fc from 'fast-check'
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { Freight, Message } from '../../src/wire/messages.ts'
import { request, send } from '../support/samples.ts'
import { bodyOfBytes, End, LINE } from './scene.ts'

interface Weather {
  readonly loss: number
  readonly duplicate: number
  readonly maxDelayMs: number
  readonly seed: number
}

interface Letter {
  readonly at: number
  readonly order: number
  readonly message: Message
  readonly isToRight: boolean
}

const GIVE_UP_MS = 60_000

/** Runs until nothing waits and nothing is on its way. */
class Run {
  now = 0
  readonly left = new End()
  readonly right = new End()
  readonly #random: Random
  readonly #weather: Weather
  #letters: Letter[] = []
  #order = 0

  constructor(weather: Weather) {
    this.#weather = weather
    this.#random = seededRandom(weather.seed)
    const seen = new Set<number>()
    // As the machines above do: each number is taken once.
    this.right.wants = (head) => !seen.has(head.sequence)
    const receive = this.right.receive.bind(this.right)
    this.right.receive = (now, messages, from) => {
      receive(now, messages, from)
      for (const { sequence } of this.right.arrived) seen.add(sequence)
    }
  }

  play(messages: readonly Freight[]): void {
    for (const message of messages) this.left.transfers.send(LINE, message)
    this.left.transfers.begin(0)
    for (let step = 0; step < 100_000; step += 1) {
      this.#post()
      const next = this.#next()
      if (next === Number.POSITIVE_INFINITY) return
      if (next > GIVE_UP_MS) throw new Error('It goes on for ever')
      this.now = next
      this.#deliver()
      for (const end of [this.left, this.right]) {
        if (end.transfers.deadline <= this.now) end.transfers.wake(this.now)
        end.transfers.begin(this.now)
      }
    }
    throw new Error('Too many steps')
  }

  #next(): number {
    const arrivals = this.#letters.map(({ at }) => at)
    return Math.min(this.left.transfers.deadline, this.right.transfers.deadline, ...arrivals)
  }

  #post(): void {
    for (const isToRight of [true, false]) {
      for (const message of (isToRight ? this.left : this.right).take()) {
        const { loss, duplicate, maxDelayMs } = this.#weather
        const copies = this.#random.next() < loss ? 0 : this.#random.next() < duplicate ? 2 : 1
        for (let copy = 0; copy < copies; copy += 1) {
          this.#order += 1
          const at = this.now + 1 + (maxDelayMs > 0 ? this.#random.below(maxDelayMs) : 0)
          this.#letters.push({ at, order: this.#order, message, isToRight })
        }
      }
    }
  }

  #deliver(): void {
    const due = this.#letters.filter(({ at }) => at <= this.now)
    this.#letters = this.#letters.filter(({ at }) => at > this.now)
    due.sort((one, other) => one.at - other.at || one.order - other.order)
    for (const { message, isToRight } of due)
      (isToRight ? this.right : this.left).receive(this.now, [message])
  }
}

const weathers = fc.record({
  loss: fc.constantFrom(0, 0.05, 0.2, 0.5),
  duplicate: fc.constantFrom(0, 0.2, 0.5),
  maxDelayMs: fc.constantFrom(0, 5, 50, 700),
  seed: fc.nat(2 ** 31 - 1),
})

const sizes = fc.array(fc.integer({ min: 25, max: 400 }), { minLength: 1, maxLength: 8 })

test('T11: in any weather a body arrives as it was, or its owner is told, and nothing is left', (t) => {
  let arrived = 0
  let offered = 0
  fc.assert(
    fc.property(weathers, sizes, (weather, bytes) => {
      const run = new Run(weather)
      const messages = bytes.map((size, index) =>
        index % 2 === 0
          ? request(index + 1, { body: bodyOfBytes(size), deadlineAt: 30_000 })
          : send(index + 1, { body: bodyOfBytes(size), expiresAt: 30_000 }),
      )
      run.play(messages)
      const { left, right } = run
      t.is(left.count + right.count, 0)
      t.is(right.transfers.incoming.reservedBytes, 0)
      t.is(right.events.length, 0, 'nobody broke the protocol')
      t.false(left.events.some((event) => event.kind === 'violation'))
      const numbers = right.arrived.map(({ sequence }) => sequence)
      t.is(new Set(numbers).size, numbers.length, 'each arrives once')
      for (const { sequence, body } of right.arrived) {
        const expected = bodyOfBytes(bytes[sequence - 1] as number).bytes
        t.true(Buffer.from(expected).equals(body.bytes))
      }
      const unsent = left.events.flatMap((event) =>
        event.kind === 'transfer-unsent' ? [event.message.sequence] : [],
      )
      t.deepEqual(
        unsent.filter((sequence) => numbers.includes(sequence)),
        [],
        'what is told as unsent did not arrive',
      )
      offered += messages.length
      arrived += numbers.length
    }),
    { seed: 4, numRuns: 500 },
  )
  t.true(arrived > offered * 0.7, `${arrived} of ${offered} arrived`)
})

test('T9: on a calm connection every body arrives, and each byte is sent once', (t) => {
  fc.assert(
    fc.property(sizes, fc.nat(1000), (bytes, seed) => {
      const run = new Run({ loss: 0, duplicate: 0, maxDelayMs: 0, seed })
      let sentBytes = 0
      const take = run.left.take.bind(run.left)
      run.left.take = () => {
        const messages = take()
        for (const message of messages) if (message.kind === 'chunk') sentBytes += message.body.bytes.length
        return messages
      }
      run.play(bytes.map((size, index) => send(index + 1, { body: bodyOfBytes(size), expiresAt: 30_000 })))
      t.is(run.right.arrived.length, bytes.length)
      t.is(
        sentBytes,
        bytes.reduce((sum, size) => sum + size, 0),
      )
    }),
    { seed: 5, numRuns: 200 },
  )
})
