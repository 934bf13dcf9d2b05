/**
 * Twelve thousand hostile messages of every sort, from a seed, against one node in a process of its own; beside them a
 * client with good manners, which must not notice.
 */

import test, { type ExecutionContext } from 'ava'
import type { Incarnation } from '../../src/base/ids.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { Message } from '../../src/wire/messages.ts'
import { EventLog, peersOf, startClient, startNode } from '../support/mesh.ts'
import { NodeProcess } from '../support/node-processes.ts'
import { framesOf, hello, RawDealer, request } from '../support/raw-socket.ts'

const MESSAGES = 12_000
const DEALERS = 8
/** After so many messages of one attacker, another one takes its place, on a connection of its own. */
const MESSAGES_PER_DEALER = 300
const NO_BODY = { type: 'none', bytes: new Uint8Array() } as const

function noise(random: Random, maxBytes: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(maxBytes) }, () => random.below(256)))
}

/** A message that is well-formed, and impertinent, pointless or simply too much. */
function rude(random: Random): Message {
  const sequence = 1 + random.below(2 ** 32)
  const menu: (() => Message)[] = [
    () => hello({ name: `guest-${random.below(50)}`, incarnation: (1 + random.below(5)) as Incarnation }),
    () => hello({ role: 'node', name: 'alpha', incarnation: (1 + random.below(9)) as Incarnation }),
    () => hello({ role: 'node', name: `nobody-${random.below(1000)}` }),
    () => hello({ network: 'other' }),
    () => hello({ minVersion: 200, maxVersion: 201 }),
    () => request(sequence, 'who'),
    () => request(sequence, `no-such-verb-${random.below(1000)}`),
    () =>
      request(sequence, 'who', { body: { type: 'msgpack', bytes: noise(random, 200) } } as Partial<Message>),
    () => ({ kind: 'reply', sequence, body: NO_BODY }),
    () => ({ kind: 'reject', of: 'send', sequence, reason: 'closing', code: '', text: 'x' }),
    () => ({ kind: 'ack', ranges: [{ first: sequence, last: sequence * 2 }] }),
    () => ({ kind: 'send', sequence, expiresAt: 0, verb: 'note', body: NO_BODY }),
    () => ({ kind: 'cancel', sequence }),
    () => ({
      kind: 'beat',
      number: sequence,
      wantsEcho: true,
      hearsNothing: false,
      loopDelayMs: sequence,
      queuedBytes: sequence,
    }),
    () => ({ kind: 'goodbye' }),
    () => ({ kind: 'say-hello' }),
  ]
  return (menu[random.below(menu.length)] as () => Message)()
}

/** The frames of one hostile message. */
function hostile(random: Random): Buffer[] {
  const frames = framesOf(rude(random))
  const [first = Buffer.alloc(0)] = frames
  switch (random.below(10)) {
    case 0:
      return [noise(random, 300)]
    case 1:
      return [first.subarray(0, random.below(first.length))]
    case 2:
      first.writeUInt8(random.below(256), random.below(first.length))
      return frames
    case 3:
      return [first, noise(random, 50), noise(random, 50)]
    case 4:
      return [Buffer.concat([first, noise(random, 50)])]
    case 5:
      return [first, noise(random, 9000)]
    case 6:
      return random.below(50) === 0 ? [first, Buffer.alloc(1_060_000)] : [Buffer.from([0x7a, 1]), first]
    default:
      return frames
  }
}

/** Attacks with several dealers at a time, and gives how many messages were sent. */
async function attack(t: ExecutionContext, endpoint: string): Promise<number> {
  const random = seededRandom(1_000_003)
  const dealers = Array.from({ length: DEALERS }, () => new RawDealer(t, endpoint))
  for (let count = 0; count < MESSAGES; count += 1) {
    const place = count % DEALERS
    if (count % MESSAGES_PER_DEALER === MESSAGES_PER_DEALER - 1) {
      dealers[place]?.close()
      dealers[place] = new RawDealer(t, endpoint)
    }
    // Most attackers introduce themselves at times: inside, more of a node can be reached.
    if (random.below(20) === 0) await dealers[place]?.say(hello({ name: `inside-${count}` }))
    await dealers[place]?.send(...hostile(random))
    // The client with good manners lives in this process and must get its turn.
    if (count % 8 === 7) await new Promise((resolve) => setImmediate(resolve))
  }
  return MESSAGES
}

test('a client with good manners gets every answer while 12,000 hostile messages come in', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const bravo = await NodeProcess.start(t, { name: 'bravo', peers })
  const client = await startClient(t, 'bravo', { peers })
  await alpha.ready()
  const events = new EventLog(alpha)
  const before = await bravo.status()
  let isOver = false
  const latencies: number[] = []
  const serve = async (): Promise<void> => {
    while (!isOver) {
      const startedAt = performance.now()
      const reply = await client.request('who', undefined, { retries: 0 })
      latencies.push(performance.now() - startedAt)
      t.is(reply.pid, bravo.pid)
    }
  }
  const serving = serve()
  const sent = await attack(t, `tcp://${peers.peers[1]?.address}`)
  isOver = true
  await serving
  const after = await bravo.status()
  latencies.sort((left, right) => left - right)
  const at = (part: number): string => (latencies[Math.floor(latencies.length * part)] ?? 0).toFixed(1)
  const violations = after.counters.violations - before.counters.violations
  t.log(`${sent} hostile messages, ${violations} violations`)
  t.log(
    `${latencies.length} requests beside them: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(0.9999)} ms`,
  )
  t.true(latencies.length > 100)
  t.true(violations > MESSAGES / 4, `${violations} violations`)
  t.true((latencies[Math.floor(latencies.length * 0.99)] ?? 0) < 1000)
  // The true alpha is who it was, to itself and to bravo.
  t.deepEqual(
    events.lines.filter((line) => !line.startsWith('peer:busy')),
    [],
  )
  t.like(after.peers[0], { name: 'alpha', state: 'alive', incarnation: alpha.incarnation })
  t.like(await alpha.request('bravo', 'who'), { pid: bravo.pid })
  const client2 = await startClient(t, 'bravo', { peers })
  t.true((await client2.message('over')).ok)
})
