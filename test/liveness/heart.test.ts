/**
 * The signs of life that a node gives: when, and when they want an answer.
 */

import test from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type BeatingLink, Heart } from '../../src/liveness/heart.ts'
import type { Echo } from '../../src/wire/messages.ts'
import { Recorder } from '../support/recorder.ts'
import { connection } from '../support/samples.ts'

const LINE = connection(1)
const LOAD = { loopDelayMs: 3, queuedBytes: 4 }

function scene(): { heart: Heart; out: Recorder<never> } {
  const out = new Recorder<never>()
  return { heart: new Heart(500, seededRandom(5), () => LOAD, out), out }
}

/** The owner of a link, with a count of the echoes that it misses. */
function owner(
  wantsEcho = (): boolean => false,
  hearsNothing = (): boolean => false,
): BeatingLink & { misses: number } {
  const counting = {
    misses: 0,
    wantsEcho,
    hearsNothing,
    missesEcho: () => {
      counting.misses += 1
    },
  }
  return counting
}

function echo(number: number): Echo {
  return { kind: 'echo', number, ...LOAD }
}

/** The beats up to `until`: when, with which number, and whether an echo is wanted. */
function beats(heart: Heart, out: Recorder<never>, until: number): [number, number, boolean][] {
  const seen: [number, number, boolean][] = []
  while (heart.deadline <= until) {
    const now = heart.deadline
    heart.wake(now)
    for (const beat of out.sentOf('beat')) seen.push([now, beat.number, beat.wantsEcho])
  }
  return seen
}

test('L1: a link that opens beats at once, with the load of this node', (t) => {
  const { heart, out } = scene()
  t.is(heart.deadline, Number.POSITIVE_INFINITY)
  heart.start(100, LINE, owner())
  const beat = { kind: 'beat', number: 1, wantsEcho: true, hearsNothing: false, ...LOAD } as const
  t.deepEqual(out.sentTo(), [{ to: LINE, message: beat }])
})

test('L1: the time between two beats is uniform between 1 and 2 ticks', (t) => {
  const { heart, out } = scene()
  heart.start(0, LINE, owner())
  out.sent()
  const seen = beats(heart, out, 3_000_000)
  let before = 0
  let sum = 0
  const gaps = seen.map(([now]) => {
    const gapMs = now - before
    before = now
    sum += gapMs
    return gapMs
  })
  t.true(gaps.every((gapMs) => gapMs >= 500 && gapMs <= 1000))
  t.true(Math.min(...gaps) < 505 && Math.max(...gaps) > 995)
  t.true(Math.abs(sum / gaps.length - 750) < 10, `${sum / gaps.length}`)
})

test('L2: an echo is wanted by the first beat, by every eighth, and when the owner says so', (t) => {
  const { heart, out } = scene()
  let isOwed = false
  heart.start(
    0,
    LINE,
    owner(() => isOwed),
  )
  out.sent()
  const wanting = beats(heart, out, 20_000).filter(([, , wantsEcho]) => wantsEcho)
  t.deepEqual(wanting.map(([, number]) => number).slice(0, 3), [9, 17, 25])
  isOwed = true
  t.true(beats(heart, out, 30_000).every(([, , wantsEcho]) => wantsEcho))
})

test('L3: the round trip is measured by the echo of the last beat that wanted one', (t) => {
  const { heart, out } = scene()
  heart.start(100, LINE, owner())
  out.sent()
  t.is(heart.rttMs(LINE), undefined)
  heart.echo(107, LINE, echo(2))
  t.is(heart.rttMs(LINE), undefined, 'an echo of nothing')
  heart.echo(107, LINE, echo(1))
  t.is(heart.rttMs(LINE), 7)
})

test('L17: an echo that has not come by the next beat is missed, at each beat until the next one comes', (t) => {
  const { heart } = scene()
  const link = owner()
  heart.start(0, LINE, link)
  heart.wake(heart.deadline)
  heart.wake(heart.deadline)
  t.is(link.misses, 2)
  heart.echo(2000, LINE, echo(1))
  for (let beat = 4; beat <= 9; beat += 1) heart.wake(heart.deadline)
  t.is(link.misses, 2, 'the ninth wanted one, and has time until the tenth')
  heart.wake(heart.deadline)
  t.is(link.misses, 3)
})

test('L20: every beat tells whether the peer is quiet, and a question is one more beat, out of turn, on an open link', (t) => {
  const { heart, out } = scene()
  heart.ask(0, LINE)
  t.deepEqual(out.sent(), [], 'nobody is there yet')
  let isQuiet = false
  heart.start(
    0,
    LINE,
    owner(undefined, () => isQuiet),
  )
  isQuiet = true
  const { deadline } = heart
  heart.ask(100, LINE)
  t.is(heart.deadline, deadline)
  heart.wake(deadline)
  heart.echo(deadline + 7, LINE, echo(0))
  t.is(heart.rttMs(LINE), undefined, 'the echo of a question is not the one of a beat')
  t.deepEqual(
    out.sentOf('beat').map(({ number, wantsEcho, hearsNothing }) => [number, wantsEcho, hearsNothing]),
    [
      [1, true, false],
      [0, true, true],
      [2, false, true],
    ],
  )
})

test('L1: a link that closes beats no more, and starts from the beginning when it opens again', (t) => {
  const { heart, out } = scene()
  heart.start(0, LINE, owner())
  heart.stop(LINE)
  heart.stop(LINE)
  heart.echo(1, LINE, echo(1))
  t.is(heart.rttMs(LINE), undefined)
  t.is(heart.deadline, Number.POSITIVE_INFINITY)
  out.sent()
  heart.start(10, LINE, owner())
  t.deepEqual(
    out.sentOf('beat').map(({ number, wantsEcho }) => [number, wantsEcho]),
    [[1, true]],
  )
})

test('L1: a link that is started twice beats once', (t) => {
  const { heart, out } = scene()
  heart.start(0, LINE, owner())
  heart.start(0, LINE, owner())
  out.sent()
  t.is(beats(heart, out, 1000).length, 1)
})

test('L1: all links beat together, also one that opened later, and a wake before the time does nothing', (t) => {
  const { heart, out } = scene()
  const lines: ConnectionId[] = [connection(1), connection(2), connection(3)]
  heart.start(0, connection(1), owner())
  const first = heart.deadline
  heart.start(100, connection(2), owner())
  heart.start(400, connection(3), owner())
  t.is(heart.deadline, first)
  out.sent()
  heart.wake(first - 1)
  t.deepEqual(out.sent(), [])
  heart.wake(first)
  t.deepEqual(
    out.sentTo().map(({ to }) => to),
    lines,
  )
  t.true(heart.deadline >= first + 500 && heart.deadline <= first + 1000)
})

test('L1: when the last link has closed, nothing beats', (t) => {
  const { heart } = scene()
  heart.start(0, connection(1), owner())
  heart.start(0, connection(2), owner())
  heart.stop(connection(1))
  t.not(heart.deadline, Number.POSITIVE_INFINITY)
  heart.stop(connection(2))
  t.is(heart.deadline, Number.POSITIVE_INFINITY)
})
