/**
 * A process for tests to kill, stop and block. Its first argument says what it does:
 * `listen`: listens on the endpoint of the second argument, tells its parent the endpoint that was bound, answers every
 * short message with it and the number of messages so far, and blocks its event loop for as many milliseconds as its
 * parent sends it.
 * `goodbye`: dials that endpoint, says goodbye, closes, and must then end by itself.
 */

import type { ConnectionId } from '../../src/base/ids.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { zmqTransport } from '../../src/transport/zmq.ts'

const [role, endpoint = 'tcp://127.0.0.1:0'] = process.argv.slice(2)

const quiet = { up: () => undefined, down: () => undefined, receive: () => undefined, fault: console.error }

if (role === 'listen') {
  let received = 0
  const transport: Transport = zmqTransport()({
    ...quiet,
    receive: (connection, [first = Buffer.alloc(0)]) => {
      received += 1
      if (first.length > 1000) return
      transport.send(connection, [first, Buffer.from(String(received))], () => undefined)
    },
  })
  process.on('message', (blockMs: number) => {
    process.send?.('blocking')
    const until = performance.now() + blockMs
    while (performance.now() < until);
    process.send?.('free')
  })
  process.send?.(await transport.listen(endpoint))
} else {
  const transport: Transport = zmqTransport()({
    ...quiet,
    up: (connection: ConnectionId) => {
      transport.send(
        connection,
        [Buffer.from('goodbye'), Buffer.alloc(200_000)],
        () => void transport.close(),
      )
    },
  })
  transport.dial(endpoint)
}
