/**
 * Caller and responder together over a network that loses, repeats and reorders whatever it likes, with links that come
 * and go and callees that restart: the promises of requests, checked from outside over many seeded stories.
 */

import test from 'ava'
import fc from 'fast-check'
import { seededRandom } from '../../src/base/random.ts'
import { type Ask, Caller, type CallerEvent } from '../../src/rpc/caller.ts'
import { type Call, Inbound, Responder, type ResponderEvent } from '../../src/rpc/responder.ts'
import type { Message } from '../../src/wire/messages.ts'
import { Recorder } from '../support/recorder.ts'
import { connection, incarnation, NO_BODY, order } from '../support/samples.ts'

type Step =
  | { readonly kind: 'ask'; readonly idempotent: boolean; readonly deadlineMs: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'deliver'; readonly index: number; readonly repeat: boolean }
  | { readonly kind: 'lose'; readonly index: number }
  | { readonly kind: 'finish'; readonly index: number }
  | { readonly kind: 'cancel'; readonly index: number }
  | { readonly kind: 'hand-back'; readonly index: number; readonly cause: 'expired' | 'full' | 'down' }
  /** The way back has room for so many answers, and for no more until it is told again. */
  | { readonly kind: 'room'; readonly answers: number }
  | { readonly kind: 'down' | 'up' | 'restart' | 'forget' }

const index = fc.nat(50)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      idempotent: fc.boolean(),
      deadlineMs: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 600 }) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), index, repeat: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), index }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('room' as const), answers: fc.nat(5) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('finish' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), index }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('hand-back' as const),
      index,
      cause: fc.constantFrom('expired' as const, 'full' as const, 'down' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'up' as const,
        'up' as const,
        'up' as const,
        'down' as const,
        'restart' as const,
        'forget' as const,
      ),
    }),
  },
)

/** One run of the callee, with one window for the caller. */
interface Callee {
  readonly responder: Responder
  readonly out: Recorder<ResponderEvent>
  readonly inbound: Inbound
  readonly session: { readonly incarnation: ReturnType<typeof incarnation>; readonly window: number }
}

/** A message on its way, and which run of the callee it is for or from. */
interface Flight {
  readonly message: Message
  readonly callee: Callee
  /** A copy has arrived, so that it certainly left. */
  hasArrived: boolean
}

/** One story: what happens, and what an observer notes. */
class Story {
  now = 0
  readonly asks: Ask[] = []
  readonly settled = new Map<Ask, number>()
  /** How often each number ran, for each run of the callee. */
  readonly runs = new Map<Callee, Map<number, number>>()
  readonly #out = new Recorder<CallerEvent>()
  readonly #caller: Caller
  readonly #flights: Flight[] = []
  readonly #calls: { readonly call: Call; readonly callee: Callee }[] = []
  #callee: Callee
  #isUp = true
  #room = Number.POSITIVE_INFINITY
  #nextIncarnation = 1

  constructor(seed: number) {
    this.#caller = new Caller(seededRandom(seed), 1250, this.#out)
    this.#caller.addCallee('bravo', connection(1))
    this.#callee = this.#start(incarnation(this.#nextIncarnation), 1)
    this.#open()
  }

  get pendingCount(): number {
    return this.#caller.pendingCount
  }

  get deadline(): number {
    return this.#caller.deadline
  }

  do(action: Step): void {
    switch (action.kind) {
      case 'ask': {
        const { idempotent, deadlineMs } = action
        const deadlineAt = this.now + deadlineMs
        this.asks.push(
          this.#caller.request(this.now, 'bravo', order({ timeoutMs: 400, idempotent, deadlineAt })),
        )
        break
      }
      case 'pass':
        this.pass(this.now + action.ms)
        break
      case 'deliver':
        this.#deliver(action.index, action.repeat)
        break
      case 'lose':
        if (this.#flights.length > 0) this.#flights.splice(action.index % this.#flights.length, 1)
        break
      case 'finish':
        this.#finish(action.index)
        break
      case 'cancel': {
        const ask = this.asks[action.index % Math.max(1, this.asks.length)]
        if (ask !== undefined) this.#caller.cancel(this.now, ask)
        break
      }
      case 'room': {
        const { responder, inbound } = this.#callee
        this.#room = action.answers
        responder.roomAgain(this.now, inbound)
        break
      }
      case 'hand-back':
        this.#handBack(action.index, action.cause)
        break
      default:
        this.#turn(action.kind)
    }
    this.#collect()
  }

  /** Lets time pass, with a wake at each deadline. */
  pass(until: number): void {
    while (this.#caller.deadline <= until) {
      this.now = Math.max(this.now, this.#caller.deadline)
      this.#caller.wake(this.now)
      this.#collect()
    }
    this.now = until
    this.#callee.responder.wake(this.now)
    this.#collect()
  }

  #turn(kind: 'down' | 'up' | 'restart' | 'forget'): void {
    if (kind === 'up') {
      if (!this.#isUp) this.#open()
      return
    }
    this.#isUp = false
    this.#caller.linkClosed('bravo')
    this.#callee.inbound.connection = undefined
    if (kind === 'restart') {
      this.#nextIncarnation += 1
      this.#callee = this.#start(incarnation(this.#nextIncarnation), 1)
    } else if (kind === 'forget') {
      const { session } = this.#callee
      this.#callee = this.#start(session.incarnation, session.window + 1)
    }
  }

  #open(): void {
    this.#isUp = true
    this.#callee.responder.reconnected(this.now, this.#callee.inbound, connection(2))
    this.#caller.linkOpened(this.now, 'bravo', this.#callee.session)
  }

  #start(run: ReturnType<typeof incarnation>, window: number): Callee {
    const out = new Recorder<ResponderEvent>()
    out.hasRoomFor = () => {
      if (this.#room === 0) return false
      this.#room -= 1
      return true
    }
    const callee = {
      responder: new Responder(() => true, out),
      out,
      inbound: new Inbound('alpha'),
      session: { incarnation: run, window },
    }
    this.runs.set(callee, new Map())
    return callee
  }

  #deliver(at: number, repeat: boolean): void {
    // What was on its way when the link broke arrives only while that run is still the one at the other end.
    const possible = this.#flights.filter((flight) => this.#isUp && flight.callee === this.#callee)
    const flight = possible[at % Math.max(1, possible.length)]
    if (flight === undefined) return
    if (repeat) flight.hasArrived = true
    else this.#flights.splice(this.#flights.indexOf(flight), 1)
    const { message, callee } = flight
    if (message.kind === 'request') callee.responder.receive(this.now, callee.inbound, message)
    else if (message.kind === 'cancel') callee.responder.cancel(callee.inbound, message.sequence)
    else if (message.kind === 'reply' || message.kind === 'reject') {
      this.#caller.heard(this.now, 'bravo')
      this.#caller.receive(this.now, 'bravo', message)
    }
  }

  #finish(at: number): void {
    const [running] = this.#calls.splice(at % Math.max(1, this.#calls.length), 1)
    if (running !== undefined) running.callee.responder.finish(running.call, { kind: 'done', body: NO_BODY })
  }

  #handBack(at: number, cause: 'expired' | 'full' | 'down'): void {
    const position = at % Math.max(1, this.#flights.length)
    const flight = this.#flights[position]
    if (flight?.message.kind !== 'request' || flight.hasArrived) return
    this.#flights.splice(position, 1)
    this.#caller.unsent(this.now, 'bravo', flight.message, cause)
  }

  #collect(): void {
    const callee = this.#callee
    for (const message of this.#out.sent()) this.#flights.push({ message, callee, hasArrived: false })
    for (const event of this.#out.told()) {
      if (event.kind !== 'request-done' && event.kind !== 'request-failed') continue
      this.settled.set(event.ask, (this.settled.get(event.ask) ?? 0) + 1)
      if (event.now > event.ask.order.deadlineAt) throw new Error('settled after its deadline')
    }
    for (const each of this.runs.keys()) {
      for (const message of each.out.sent()) this.#flights.push({ message, callee: each, hasArrived: false })
      for (const { call } of each.out.toldOf('call')) {
        const runs = this.runs.get(each)
        runs?.set(call.sequence, (runs.get(call.sequence) ?? 0) + 1)
        this.#calls.push({ call, callee: each })
      }
    }
  }
}

test('R3, R12: under any loss, repetition, reordering and restart, each request settles once and in time, and no number runs twice in a run', (t) => {
  let ran = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 200 }), fc.nat(), (steps, seed) => {
      const story = new Story(seed)
      for (const each of steps) story.do(each)
      story.pass(story.now + 10_000)
      for (const ask of story.asks)
        if (story.settled.get(ask) !== 1) throw new Error(`settled ${story.settled.get(ask)} times`)
      for (const runs of story.runs.values()) {
        ran += runs.size
        for (const [sequence, count] of runs)
          if (count > 1) throw new Error(`number ${sequence} ran ${count} times`)
      }
      const own = story.asks.filter((ask) => !ask.order.idempotent)
      for (const ask of own) {
        const runs = [...story.runs.values()].filter((each) => each.has(ask.sequence))
        if (runs.length > 1) throw new Error(`number ${ask.sequence} ran in two runs of the callee`)
      }
      if (story.pendingCount !== 0 || story.deadline !== Number.POSITIVE_INFINITY)
        throw new Error('something is left')
    }),
    { seed: 20, numRuns: 500 },
  )
  t.true(ran > 2500, `the stories are no idle ones: ${ran} calls ran`)
})

test('R14: whatever is asked during a total outage of answers, at most 1.09 times as many requests and 3 are sent', (t) => {
  const orders = fc.array(
    fc.record({ gapMs: fc.nat(500), timeoutMs: fc.integer({ min: 1, max: 3000 }), retries: fc.nat(10) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  fc.assert(
    fc.property(orders, fc.nat(), (offered, seed) => {
      const out = new Recorder<CallerEvent>()
      const caller = new Caller(seededRandom(seed), 1250, out)
      caller.addCallee('bravo', connection(1))
      caller.linkOpened(0, 'bravo', { incarnation: incarnation(1), window: 1 })
      let now = 0
      const pass = (until: number): void => {
        while (caller.deadline <= until) caller.wake(caller.deadline)
        now = until
      }
      for (const { gapMs, timeoutMs, retries } of offered) {
        pass(now + gapMs)
        caller.request(now, 'bravo', order({ timeoutMs, retries, deadlineAt: now + 60_000 }))
      }
      pass(now + 100_000)
      const sent = out.sentOf('request').length
      if (sent > offered.length * 1.09 + 3 + 1e-9)
        throw new Error(`${sent} requests for ${offered.length} orders`)
      if (caller.pendingCount !== 0) throw new Error('something is left')
    }),
    { seed: 21, numRuns: 300 },
  )
  t.pass()
})
