/**
 * The ways out, over a transport that answers when the test says so: what leaves together, what comes back and why.
 */

import test from 'ava'
import type { Clock } from '../../src/base/clock.ts'
import type { ConnectionId } from '../../src/base/ids.ts'
import { Mailer } from '../../src/node/mailer.ts'
import type { SendResult, Transport } from '../../src/transport/transport.ts'
import { decodeFrames } from '../../src/wire/batch.ts'
import type { Message } from '../../src/wire/messages.ts'
import { bodyOf, connection, reject, reply, request, send } from '../support/samples.ts'

const LINE = connection(1)

/** A transport whose sends stay pending until the test ends them. */
class Wire {
  now = 0
  readonly sent: { readonly to: ConnectionId; readonly sequences: number[]; readonly kinds: string[] }[] = []
  readonly news: string[] = []
  laterCount = 0
  roomCount = 0
  #pending: ((result: SendResult) => void)[] = []
  readonly mailer: Mailer

  constructor() {
    const transport = {
      send: (to: ConnectionId, frames: readonly Uint8Array[], done: (result: SendResult) => void) => {
        const { messages } = decodeFrames(frames, this.now, 1024 * 1024)
        this.sent.push({ to, sequences: messages.map(sequenceOf), kinds: messages.map(({ kind }) => kind) })
        this.#pending.push(done)
      },
    } as Partial<Transport> as Transport
    const clock = { now: () => this.now } as Partial<Clock> as Clock
    this.mailer = new Mailer(transport, clock, {
      unsent: (_to, messages, cause) => this.news.push(`${cause} ${messages.map(sequenceOf).join(' ')}`),
      gone: () => this.news.push('gone'),
      roomAgain: () => {
        this.roomCount += 1
      },
      flushLater: () => {
        this.laterCount += 1
      },
    })
  }

  /** Ends the oldest pending send. */
  end(result: SendResult): void {
    const done = this.#pending.shift()
    if (done === undefined) throw new Error('nothing is pending')
    done(result)
  }

  push(sequence: number, sizeBytes = 0, expiresAt = 1000, to = LINE): void {
    const message = request(sequence, { body: bodyOf(sizeBytes), expiresAt, deadlineAt: 1_000_000 })
    this.mailer.push(to, message)
  }

  /** Pushes one-way messages with bodies of these sizes, numbered from `first` on. */
  pushSends(first: number, ...sizesBytes: readonly number[]): void {
    for (const [index, sizeBytes] of sizesBytes.entries()) {
      this.mailer.push(LINE, send(first + index, { body: bodyOf(sizeBytes) }))
    }
  }

  /** The numbers of what was sent since the last call, one list for each message of the transport. */
  takeSent(): number[][] {
    return this.sent.splice(0).map(({ sequences }) => sequences)
  }

  /** The kinds of what was sent likewise. */
  takeKinds(): string[][] {
    return this.sent.splice(0).map(({ kinds }) => kinds)
  }

  takeNews(): string[] {
    return this.news.splice(0)
  }
}

function sequenceOf(message: Message): number {
  return 'sequence' in message ? message.sequence : 0
}

test('what is pushed in one turn leaves together, and what is pushed meanwhile with the next message', (t) => {
  const wire = new Wire()
  wire.push(1)
  wire.push(2)
  t.deepEqual(wire.takeSent(), [], 'nothing leaves inside of push')
  wire.mailer.flush()
  wire.push(3)
  wire.push(4)
  wire.mailer.flush()
  t.deepEqual(wire.takeSent(), [[1, 2]])
  t.false(wire.mailer.isIdle)
  wire.end('sent')
  wire.mailer.flush()
  t.deepEqual(wire.takeSent(), [[3, 4]])
  wire.end('sent')
  t.true(wire.mailer.isIdle)
  t.is(wire.mailer.messagesSent, 4)
  t.is(wire.mailer.framesSent, 2)
  t.is(wire.mailer.deadline, Number.POSITIVE_INFINITY)
})

test('R20: a cancel leaves behind the request that it cancels', (t) => {
  const wire = new Wire()
  wire.push(1)
  wire.push(2)
  wire.mailer.push(LINE, { kind: 'cancel', sequence: 2 })
  wire.mailer.push(LINE, { kind: 'ack', ranges: [] })
  wire.mailer.flush()
  t.deepEqual(
    wire.sent.flatMap(({ kinds }) => kinds),
    ['ack', 'request', 'request', 'cancel'],
  )
})

test('one connection does not wait for another', (t) => {
  const wire = new Wire()
  wire.push(1)
  wire.mailer.flush()
  wire.push(2, 0, 1000, connection(2))
  wire.mailer.flush()
  t.deepEqual(wire.takeSent(), [[1], [2]])
})

test('what finds no room comes back as full, at the next flush', (t) => {
  const wire = new Wire()
  const megabyte = 1024 * 1024
  for (let sequence = 1; sequence <= 20; sequence += 1) wire.push(sequence, megabyte)
  t.deepEqual(wire.takeNews(), [])
  t.true(wire.mailer.queuedBytes < 16 * megabyte, `${wire.mailer.queuedBytes}`)
  wire.mailer.flush()
  const [told, ...others] = wire.takeNews()
  t.deepEqual(others, [])
  const [cause, ...refused] = (told ?? '').split(' ')
  t.is(cause, 'full')
  const firstRefused = Number(refused[0])
  t.true(firstRefused > 4 && firstRefused <= 16, 'the first ones found room')
  t.deepEqual(
    refused.map(Number),
    Array.from({ length: 21 - firstRefused }, (_, index) => firstRefused + index),
  )
  t.is(wire.mailer.messagesDropped, refused.length)
})

test('O13: behind a one-way message that found no room none finds room, until half of the queue has left', (t) => {
  const wire = new Wire()
  const megabyte = 1024 * 1024
  wire.pushSends(1, ...Array<number>(9).fill(megabyte), 10)
  wire.push(11)
  wire.mailer.flush()
  t.deepEqual(wire.takeNews(), ['full 8 9 10'], 'the small message does not overtake; the request has room')
  t.is(wire.mailer.messagesDropped, 0, 'they are sent later')
  wire.pushSends(10, 10)
  wire.mailer.flush()
  t.deepEqual(wire.takeNews(), ['full 10'])
  for (let count = 1; count <= 2; count += 1) {
    wire.end('sent')
    t.is(wire.roomCount, 0, `${count} of 7 MiB have left, and one more is leaving`)
  }
  wire.end('sent')
  t.is(wire.roomCount, 1)
  wire.pushSends(8, megabyte, megabyte, 10)
  wire.mailer.flush()
  for (let count = 4; count <= 11; count += 1) {
    wire.end('sent')
    wire.mailer.flush()
  }
  t.deepEqual(wire.takeSent(), [[1], [2], [3], [4], [5], [6], [7], [11], [8], [9], [10]])
  t.deepEqual([wire.takeNews(), wire.roomCount], [[], 1], 'room is told once')
})

test('O13: room that is made before the refused messages came back is told after them', (t) => {
  const wire = new Wire()
  wire.pushSends(1, ...Array<number>(7).fill(1024 * 1024))
  wire.mailer.flush()
  wire.pushSends(8, 1024 * 1024, 1024 * 1024)
  for (let count = 1; count <= 7; count += 1) wire.end('sent')
  t.deepEqual([wire.takeNews(), wire.roomCount], [[], 0])
  wire.mailer.flush()
  t.deepEqual([wire.takeNews(), wire.roomCount], [['full 9'], 1])
})

test('O13: room that is made because time is over is told, too', (t) => {
  const wire = new Wire()
  for (let sequence = 1; sequence <= 8; sequence += 1) wire.push(sequence, 1024 * 1024, 50)
  wire.pushSends(9, 1024 * 1024)
  wire.mailer.flush()
  wire.takeNews()
  wire.now = 50
  wire.mailer.wake(50)
  t.is(wire.roomCount, 1)
})

test('what found no room before its connection went down comes back behind what waited', (t) => {
  const wire = new Wire()
  wire.pushSends(1, ...Array<number>(8).fill(1024 * 1024))
  wire.mailer.clear(LINE)
  t.deepEqual(wire.takeNews(), ['down 1 2 3 4 5 6 7 8'])
  wire.mailer.flush()
  t.deepEqual(wire.takeNews(), [])
  wire.pushSends(1, 10)
  wire.mailer.flush()
  t.deepEqual(wire.takeSent(), [[1]], 'the next connection has room')
})

test('R6a: an answer that finds no room stays with its sender, who is told of room when half of the queue has left', (t) => {
  const wire = new Wire()
  const taken = Array.from({ length: 10 }, (_, index) =>
    wire.mailer.push(LINE, reply(index + 1, bodyOf(1024 * 1024))),
  )
  t.deepEqual(taken, [...Array<boolean>(7).fill(true), false, false, false])
  wire.mailer.flush()
  t.deepEqual(
    [wire.takeNews(), wire.mailer.messagesDropped],
    [[], 0],
    'nothing is given back, nothing is lost',
  )
  t.true(wire.mailer.push(LINE, reply(11)), 'a small one has room')
  for (let count = 1; count <= 2; count += 1) {
    wire.end('sent')
    t.is(wire.roomCount, 0)
  }
  wire.end('sent')
  t.is(wire.roomCount, 1)
  t.true(wire.mailer.push(LINE, reply(8, bodyOf(1024 * 1024))))
  for (let count = 4; count <= 9; count += 1) {
    wire.end('sent')
    wire.mailer.flush()
  }
  t.deepEqual([wire.takeSent(), wire.roomCount], [[[1], [2], [3], [4], [5], [6], [7], [11], [8]], 1])
})

test('a refusal that finds no room counts as dropped, and its sender is told of room', (t) => {
  const wire = new Wire()
  let count = 0
  while (wire.mailer.push(LINE, reply(1, bodyOf(8000)))) count += 1
  t.true(count > 900)
  while (wire.mailer.push(LINE, reject(1))) count += 1
  t.is(wire.mailer.messagesDropped, 1)
  wire.mailer.flush()
  t.deepEqual(wire.takeNews(), [])
  for (let turn = 0; turn < 1000 && !wire.mailer.isIdle; turn += 1) {
    wire.end('sent')
    wire.mailer.flush()
  }
  t.is(wire.roomCount, 1)
})

test('what expires in the queue comes back as expired and does not leave', (t) => {
  const wire = new Wire()
  wire.push(1)
  wire.mailer.flush()
  wire.push(2, 0, 50)
  wire.push(3)
  wire.now = 50
  wire.mailer.wake(50)
  t.deepEqual(wire.takeNews(), ['expired 2'])
  wire.end('sent')
  wire.mailer.flush()
  t.deepEqual(wire.takeSent(), [[1], [3]])
})

test('a connection that is gone is told before its messages come back', (t) => {
  const wire = new Wire()
  wire.push(1)
  wire.mailer.flush()
  wire.push(2)
  wire.end('gone')
  t.deepEqual(wire.takeNews(), ['gone', 'down 1', 'down 2'])
  t.true(wire.mailer.isIdle)
  t.is(wire.mailer.messagesDropped, 0, 'they may be sent again')
})

test('a peer that takes nothing is tried again in the next 16 turns, then after pauses that double to 16 ms', (t) => {
  const wire = new Wire()
  wire.push(1)
  wire.mailer.flush()
  const pauses: number[] = []
  for (let count = 1; count <= 23; count += 1) {
    t.deepEqual(wire.takeSent(), [[1]])
    wire.end('full')
    const { deadline } = wire.mailer
    if (deadline === Number.POSITIVE_INFINITY) {
      wire.mailer.flush()
      continue
    }
    pauses.push(deadline - wire.now)
    wire.mailer.flush()
    wire.mailer.wake(deadline - 1)
    t.deepEqual(wire.takeSent(), [], 'not before its time')
    wire.now = deadline
    wire.mailer.wake(deadline)
  }
  t.deepEqual(pauses, [1, 2, 4, 8, 16, 16, 16])
})

test('what waits behind a message without room leaves after it', (t) => {
  const wire = new Wire()
  wire.push(1)
  wire.mailer.flush()
  wire.end('full')
  wire.push(2)
  wire.mailer.flush()
  t.deepEqual(wire.takeSent(), [[1], [1]])
  wire.end('sent')
  wire.mailer.flush()
  t.deepEqual(wire.takeSent(), [[2]])
  wire.end('sent')
  t.true(wire.mailer.isIdle)
  t.is(wire.mailer.deadline, Number.POSITIVE_INFINITY)
})

test('what stands still comes back when its connection is cleared', (t) => {
  const wire = new Wire()
  wire.push(1)
  wire.mailer.flush()
  wire.end('full')
  wire.push(2)
  wire.mailer.clear(LINE)
  t.deepEqual(wire.takeNews(), ['down 1 2'])
  t.is(wire.mailer.deadline, Number.POSITIVE_INFINITY)
  t.true(wire.mailer.isIdle)
})

test('what is being sent when its connection is cleared is told by its own result', (t) => {
  const wire = new Wire()
  wire.push(1)
  wire.mailer.flush()
  wire.push(2)
  wire.mailer.clear(LINE)
  t.deepEqual(wire.takeNews(), ['down 2'])
  t.false(wire.mailer.isIdle)
  wire.end('sent')
  t.true(wire.mailer.isIdle)
  t.deepEqual(wire.takeNews(), [])
})

test('a flood of strangers does not leave a queue behind for each', (t) => {
  const wire = new Wire()
  for (let number = 1; number <= 20_000; number += 1) {
    wire.push(1, 0, 1000, connection(number))
    wire.mailer.flush()
    wire.end('sent')
  }
  t.true(wire.mailer.queueCount <= 8192, `${wire.mailer.queueCount}`)
  wire.push(2, 0, 1000, connection(5))
  wire.mailer.flush()
  t.deepEqual(wire.takeSent().at(-1), [2])
})

test('T21: a sign of life and a request overtake the chunks that wait, and a repeated offer stays behind them', (t) => {
  const wire = new Wire()
  const chunk = (offset: number): Message => {
    return { kind: 'chunk', transfer: 1, offset, body: bodyOf(100_000) }
  }
  const head = { ...request(9), body: { type: 'raw', bytes: new Uint8Array(0) } } as const
  for (const offset of [1, 2]) wire.mailer.push(LINE, chunk(offset))
  wire.mailer.push(LINE, { kind: 'offer', transfer: 1, totalBytes: 9, head, isRepeat: true })
  wire.mailer.flush()
  wire.push(1)
  wire.mailer.push(LINE, { kind: 'offer', transfer: 2, totalBytes: 9, head, isRepeat: false })
  wire.mailer.push(LINE, { kind: 'decline', transfer: 3 })
  wire.mailer.push(LINE, { kind: 'credit', transfer: 3, receivedBytes: 0, limitBytes: 9, goBack: false })
  const load = { loopDelayMs: 0, queuedBytes: 0 }
  wire.mailer.push(LINE, { kind: 'beat', number: 1, wantsEcho: false, hearsNothing: false, ...load })
  for (let count = 0; count < 3; count += 1) wire.end('sent')
  wire.mailer.flush()
  wire.end('sent')
  t.deepEqual(wire.takeKinds(), [
    ['chunk'],
    ['credit', 'beat', 'request', 'offer', 'decline'],
    ['chunk'],
    ['offer'],
  ])
})

test('L19: what waits for its peer is told with its time and the bytes behind it, until it is taken or given up', (t) => {
  const wire = new Wire()
  t.false(wire.mailer.isWaiting)
  wire.now = 100
  wire.push(1, 60_000)
  wire.push(2, 60_000)
  wire.mailer.flush()
  const [waiting] = [...wire.mailer.waiting()]
  t.like(waiting, { connection: LINE, since: 100 })
  t.true((waiting?.queuedBytes ?? 0) > 60_000)
  wire.now = 200
  wire.end('full')
  t.is([...wire.mailer.waiting()][0]?.since, 100, 'to be tried again is to wait on')
  wire.mailer.clear(LINE)
  t.deepEqual([[...wire.mailer.waiting()], wire.mailer.isWaiting], [[], false])
})
