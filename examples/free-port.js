/**
 * A port of this machine that is free now, for the examples; real nodes have the addresses of their peers file. It is chosen
 * below those that systems give to outgoing connections: a dial to a node that is not there yet must not meet itself.
 */

import { once } from 'node:events'
import { createServer } from 'node:net'

export async function freePort() {
  for (;;) {
    const port = 16_000 + Math.floor(Math.random() * 16_000)
    const server = createServer()
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening')
    } catch {
      // Somebody else has it.
      continue
    }
    await once(server.close(), 'close')
    return port
  }
}
