/** Which answers to a probe end a link, over pretended sockets. */

import test from 'ava'
import { linked } from './fake-link.ts'

test('L18: a link that is up is probed at its address, one probe at a time, and is silent without an answer', async (t) => {
  const { link, recorder, probes, attempt } = linked(t)
  const socket = await attempt(0)
  link.probe(false)
  t.is(probes.length, 0, 'it is not up')
  socket.tell('handshake')
  await recorder.until(() => recorder.count('up') === 1)
  link.probe(false)
  link.probe(false)
  t.deepEqual(
    probes.map(({ endpoint }) => endpoint),
    ['tcp://127.0.0.1:7000'],
  )
  probes[0]?.over('lives')
  link.probe(false)
  probes[1]?.over('unknown')
  link.probe(false)
  t.deepEqual(recorder.downs, [])
  probes[2]?.over('silent')
  t.deepEqual(recorder.downs, ['silent'])
  t.true(socket.closed)
  await attempt(1)
})

test('L18: a link on which something came in meanwhile is not silent', async (t) => {
  const { link, recorder, probes, attempt } = linked(t)
  const socket = await attempt(0)
  socket.tell('handshake')
  await recorder.until(() => recorder.count('up') === 1)
  link.probe(false)
  socket.hear(Buffer.from('late'))
  await recorder.until(() => recorder.count('receive') === 1)
  probes[0]?.over('silent')
  t.deepEqual(recorder.downs, [])
})

test('L18: a probe ends with its connection, and a shortcut is probed at the configured address', async (t) => {
  const { link, recorder, probes, attempt } = linked(t)
  const socket = await attempt(0)
  socket.tell('handshake')
  await recorder.until(() => recorder.count('up') === 1)
  link.probe(false)
  link.redirect('ipc://@zmqnet-0')
  t.true(probes[0]?.isEnded)
  const shortcut = await attempt(1)
  shortcut.tell('handshake')
  await recorder.until(() => recorder.count('up') === 2)
  link.probe(false)
  t.is(probes[1]?.endpoint, 'tcp://127.0.0.1:7000')
  link.end()
  t.true(probes[1]?.isEnded)
})

test('L20: what comes in from a peer that does not hear us keeps the link up, but for one to a host that does not answer', async (t) => {
  for (const [begin, result] of [
    ['quiet', 'unreachable'],
    ['deaf', 'unreachable'],
    ['deaf', 'silent'],
  ] as const) {
    const { link, recorder, probes, attempt } = linked(t)
    const socket = await attempt(0)
    socket.tell('handshake')
    await recorder.until(() => recorder.count('up') === 1)
    if (begin === 'quiet') link.probe(false)
    link.probe(true)
    socket.hear(Buffer.from('anybody there?'))
    await recorder.until(() => recorder.count('receive') === 1)
    t.is(probes.length, 1)
    probes[0]?.over(result)
    t.deepEqual(recorder.downs, result === 'silent' ? [] : [result], begin)
  }
})
