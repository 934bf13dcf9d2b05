/** The receive loop, on a socket that is only a list of messages: it is fair, survives throws, and ends. */

import test from 'ava'
import { describeError, receiveAll } from '../../src/transport/zmq-receive.ts'

/** A socket that has `count` messages at once, and is closed when they are read. */
function socketOf(count: number): { closed: boolean; receive(): Promise<Buffer[]> } {
  let left = count
  return {
    closed: false,
    receive(): Promise<Buffer[]> {
      left -= 1
      if (left >= 0) return Promise.resolve([Buffer.from(String(count - left - 1))])
      this.closed = true
      return Promise.reject(Object.assign(new Error('closed'), { code: 'EAGAIN' }))
    },
  }
}

test('all messages are delivered in order, and the end of the socket is no fault', async (t) => {
  const seen: string[] = []
  await receiveAll(socketOf(1000), (frames) => seen.push(String(frames[0])), t.fail)
  t.deepEqual(
    seen,
    Array.from({ length: 1000 }, (_, index) => String(index)),
  )
})

test('the event loop turns after 256 messages at the latest', async (t) => {
  let delivered = 0
  let atLastTurn = 0
  let longest = 0
  const count = (): void => {
    longest = Math.max(longest, delivered - atLastTurn)
    atLastTurn = delivered
    if (delivered < 5000) setImmediate(count)
  }
  setImmediate(count)
  await receiveAll(
    socketOf(5000),
    () => {
      delivered += 1
    },
    t.fail,
  )
  t.true(longest > 0 && longest <= 256, `${longest} messages without a turn`)
})

test('slow handling makes the event loop turn earlier', async (t) => {
  let turns = 0
  const immediate = (): void => {
    turns += 1
    if (turns < 100) setImmediate(immediate)
  }
  setImmediate(immediate)
  const block = (): void => {
    const until = performance.now() + 9
    while (performance.now() < until);
  }
  await receiveAll(socketOf(10), block, t.fail)
  t.true(turns >= 9, `${turns} turns for ten messages of 9 ms`)
})

test('a listener that throws is reported and loses nothing', async (t) => {
  const seen: string[] = []
  const faults: string[] = []
  const deliver = (frames: Buffer[]): void => {
    seen.push(String(frames[0]))
    throw new Error('a bug')
  }
  await receiveAll(socketOf(3), deliver, (text) => faults.push(text))
  t.deepEqual(seen, ['0', '1', '2'])
  t.is(faults.length, 3)
  t.regex(faults[0] as string, /^The listener threw on a message: Error: a bug\n\s+at /)
})

test('an error of an open socket is reported and tried again', async (t) => {
  const socket = socketOf(1)
  const receive = socket.receive.bind(socket)
  let calls = 0
  socket.receive = () => {
    calls += 1
    return calls === 1
      ? Promise.reject(Object.assign(new Error('interrupted'), { code: 'EINTR' }))
      : receive()
  }
  const seen: string[] = []
  const faults: string[] = []
  await receiveAll(
    socket,
    (frames) => seen.push(String(frames[0])),
    (text) => faults.push(text),
  )
  t.deepEqual([seen, faults], [['0'], ['Receiving failed: interrupted (EINTR)']])
})

test('an error is described by its message and code, a bug by its stack, anything else as text', (t) => {
  t.is(describeError(Object.assign(new Error('no'), { code: 'EX' })), 'no (EX)')
  t.regex(describeError(new Error('bug')), /bug\n\s+at /)
  t.is(describeError('thrown text'), 'thrown text')
})
