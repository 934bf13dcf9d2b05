/** A link over pretended sockets: the answers to what real ones do too rarely to wait for. */

import test from 'ava'
import { zmqTransport } from '../../src/transport/zmq.ts'
import { DialKeys } from '../../src/transport/zmq-dial-keys.ts'
import { linked } from './fake-link.ts'
import { Recorder } from './recorder.ts'

test('a link that is ended lets its last words leave', async (t) => {
  const { link, recorder, attempt } = linked(t)
  const socket = await attempt(0)
  socket.tell('connect:delay', 'connect', 'handshake')
  await recorder.until(() => recorder.count('up') === 1)
  link.end()
  t.deepEqual([socket.closed, socket.linger], [true, 100])
})

test('a close after connect:delay is a refusal, a close without it is silence', async (t) => {
  const { recorder, attempt } = linked(t)
  const first = await attempt(0)
  first.tell('connect:delay', 'close')
  const second = await attempt(1)
  second.tell('close')
  await attempt(2)
  t.deepEqual(recorder.downs, ['refused', 'silent'])
})

test('a monitor that breaks costs the link its socket, not its life', async (t) => {
  const { recorder, attempt } = linked(t)
  const first = await attempt(0)
  first.tell('handshake')
  await recorder.until(() => recorder.count('up') === 1)
  first.breakMonitor()
  const second = await attempt(1)
  t.true(first.closed)
  t.deepEqual(recorder.downs, ['closed'])
  t.regex(recorder.faults[0] as string, /the monitor broke/)
  second.breakMonitor()
  const third = await attempt(2)
  t.deepEqual(recorder.downs, ['closed', 'silent'])
  third.tell('handshake')
  await recorder.until(() => recorder.count('up') === 2)
})

test('a want of file descriptors, for a socket or a monitor, is a fault and a failed dial', async (t) => {
  for (const step of ['socket', 'monitor'] as const) {
    const { recorder, attempt } = linked(t, {}, step)
    const second = await attempt(1)
    second.tell('handshake')
    await recorder.until(() => recorder.count('up') === 1)
    t.deepEqual(recorder.downs, ['silent'], step)
    t.deepEqual(recorder.faults.length, 1, step)
    t.regex(recorder.faults[0] as string, /EMFILE/, step)
  }
})

test('a listener that throws on up and on down does not stop the dialling', async (t) => {
  const { recorder, attempt } = linked(t)
  recorder.up = () => {
    throw new Error('a bug in up')
  }
  const down = recorder.down.bind(recorder)
  recorder.down = (connection, cause) => {
    down(connection, cause)
    throw new Error('a bug in down')
  }
  const first = await attempt(0)
  first.tell('handshake', 'disconnect')
  const second = await attempt(1)
  second.tell('connect:delay', 'close')
  await attempt(2)
  t.deepEqual(recorder.downs, ['closed', 'refused'])
  t.is(recorder.faults.length, 3)
})

test('a reset from inside of down makes one new attempt, not two', async (t) => {
  const { link, recorder, data, attempt } = linked(t)
  recorder.down = () => link.reset()
  const first = await attempt(0)
  first.tell('handshake', 'disconnect')
  const second = await attempt(1)
  second.tell('handshake')
  await recorder.until(() => recorder.count('up') === 2)
  t.is(data.length, 2)
})

test('a send that is pending when the link is reset settles once, as gone', async (t) => {
  const { link, recorder, attempt } = linked(t)
  const socket = await attempt(0)
  socket.tell('handshake')
  await recorder.until(() => recorder.count('up') === 1)
  const result = new Promise((resolve) => link.send([Buffer.from('x')], resolve))
  t.throws(() => link.send([Buffer.from('y')], t.fail), { message: /one send at a time/ })
  t.is(socket.sent, 1)
  link.reset()
  t.is(await result, 'gone')
  t.is(socket.linger, 0, 'a reset throws away what the socket still holds')
})

test('nothing is told after the end', async (t) => {
  const { link, recorder, data, attempt } = linked(t)
  const socket = await attempt(0)
  socket.tell('handshake')
  await recorder.until(() => recorder.count('up') === 1)
  link.end()
  socket.tell('disconnect')
  link.reset()
  await new Promise((resolve) => setImmediate(resolve))
  t.deepEqual([recorder.seen.length, data.length], [1, 1])
})

test('a send that the socket throws back is a fault, and gone', async (t) => {
  const { link, recorder, attempt } = linked(t)
  const socket = await attempt(0)
  socket.tell('handshake')
  await recorder.until(() => recorder.count('up') === 1)
  socket.sendFault = Object.assign(new Error('busy'), { code: 'EBUSY' })
  const results: string[] = []
  link.send([Buffer.from('x')], (result) => results.push(result))
  t.deepEqual([results, recorder.faults], [['gone'], ['Sending failed: busy (EBUSY)']])
  socket.sendFault = undefined
  link.send([Buffer.from('y')], () => undefined)
  t.is(socket.sent, 1, 'the next one is taken')
})

test('what a monitor tells out of turn changes nothing', async (t) => {
  const { link, recorder, data, attempt } = linked(t)
  const first = await attempt(0)
  first.tell('handshake', 'handshake', 'close')
  await recorder.until(() => recorder.count('up') === 1)
  await new Promise((resolve) => setImmediate(resolve))
  t.deepEqual([recorder.seen.length, data.length], [1, 1])
  link.reset()
  first.breakMonitor()
  first.hear(Buffer.from('from a former connection'))
  await attempt(1)
  t.deepEqual([recorder.seen.length, data.length], [1, 2])
})

test('a name that is found too late, or not at all, after a reset is of no interest', async (t) => {
  const recorder = new Recorder()
  const transport = zmqTransport()(recorder)
  t.teardown(() => transport.close())
  const link = transport.dial('tcp://no-such-host.invalid:7000')
  transport.hangUp(link)
  const other = transport.dial('tcp://no-such-host.invalid:7000')
  await recorder.first(({ kind, connection }) => kind === 'fault' && connection === other)
  t.deepEqual(
    recorder.seen.filter(({ connection }) => connection === link),
    [],
  )
})

const secureKeys = (): DialKeys =>
  new DialKeys(
    () => [{ publicKey: 'own', secretKey: 'secret' }],
    () => ['present', 'former'],
  )

test('E5: refused keys are silence, told once when all were tried, and their fault once', async (t) => {
  const { recorder, attempt } = linked(t, {}, undefined, secureKeys())
  for (let number = 0; number < 4; number += 1) {
    const socket = await attempt(number)
    socket.tell('connect:delay', 'connect', 'handshake:error:auth', 'disconnect')
  }
  await attempt(4)
  t.deepEqual(recorder.downs, ['silent', 'silent'])
  t.deepEqual(recorder.faults, [
    'The handshake with tcp://127.0.0.1:7000 failed: our key is not accepted there',
  ])
})

test('E4: keys that change during an attempt are tried at once when it is refused', async (t) => {
  const { link, recorder, data, attempt } = linked(t, {}, undefined, secureKeys())
  for (let number = 0; number < 2; number += 1) {
    const socket = await attempt(number)
    if (number === 1) link.rekey()
    socket.tell('connect:delay', 'connect', 'handshake:error:auth', 'disconnect')
  }
  const third = await attempt(2)
  t.deepEqual(recorder.downs, [], 'the round goes on')
  third.tell('handshake')
  await recorder.until(() => recorder.count('up') === 1)
  t.is(data.length, 3)
})
