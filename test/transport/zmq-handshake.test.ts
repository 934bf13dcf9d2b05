/**
 * What is said of a failed handshake, for each thing that libzmq can tell of it. Which one it tells is a matter of who
 * comes first, the other's greeting or the end of its connection; so the real handshakes of zmq-curve.test.ts do not
 * reach all of them in each run.
 */

import test from 'ava'
import { handshakeFault } from '../../src/transport/zmq-handshake.ts'
import type { MonitorEvent } from '../../src/transport/zmq-receive.ts'

function fault(code: string, type = 'handshake:error:protocol'): MonitorEvent {
  return { type, error: Object.assign(new Error(`told as ${code}`), { code }) }
}

test('a peer of another mechanism is told by what we have ourselves', (t) => {
  const mismatch = fault('ERR_ZMTP_MECHANISM_MISMATCH')
  t.is(handshakeFault(mismatch, true), 'it does not speak CURVE')
  t.is(handshakeFault(mismatch, false), 'it speaks only to those that have keys')
})

test('a peer that hangs up is told with all that it may mean', (t) => {
  for (const code of ['EPIPE', 'ECONNRESET']) {
    const event = fault(code, 'handshake:error:other')
    t.regex(handshakeFault(event, true) ?? '', /^it hung up: it has another key .*told as E/)
    t.regex(handshakeFault(event, false) ?? '', /^it hung up: it speaks only .*told as E/)
  }
})

test('a refused key is told as ours, silence is not told here, and anything else in its own words', (t) => {
  t.is(handshakeFault(fault('ANY', 'handshake:error:auth'), true), 'our key is not accepted there')
  t.is(handshakeFault(fault('EAGAIN'), true), undefined)
  t.regex(handshakeFault(fault('ERR_ZMTP_UNSPECIFIED'), true) ?? '', /told as ERR_ZMTP_UNSPECIFIED/)
  t.is(typeof handshakeFault({ type: 'handshake:error:other' }, false), 'string', 'without an error too')
})
