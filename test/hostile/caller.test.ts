/**
 * Bad manners of those who dial a node, one by one: each is counted, told in the log once, answered where an answer makes
 * sense, and harms nobody else.
 */

import { connect as connectTcp } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Request } from 'zeromq'
import type { Incarnation } from '../../src/base/ids.ts'
import type { Node, PeersConfig } from '../../src/index.ts'
import type { Message } from '../../src/wire/messages.ts'
import { EventLog, LogLines, peersOf, startClient, startNode, until } from '../support/mesh.ts'
import { framesOf, hello, RawDealer, request } from '../support/raw-socket.ts'

const MIB = 1024 * 1024

/** A node under attack, with everything that it says. */
interface Target {
  readonly node: Node
  readonly log: LogLines
  readonly events: EventLog
  readonly peers: PeersConfig
  readonly dealer: RawDealer
  /** Waits until so many violations are counted, proves that no more were, and that the node still serves others. */
  violations(count: number): Promise<void>
}

async function startTarget(t: ExecutionContext): Promise<Target> {
  const peers = await peersOf(['alpha', 'bravo'])
  const log = new LogLines()
  const node = await startNode(t, { name: 'alpha', peers, log })
  node.handle('echo', (body) => body)
  const dealer = new RawDealer(t, node.endpoint)
  const violations = async (count: number): Promise<void> => {
    const counted = (): number => node.status().counters.violations
    await until(() => counted() >= count, `${count} violations, not ${counted()}`)
    const client = await startClient(t, 'alpha', { peers })
    t.is(await client.request('echo', 'still there'), 'still there')
    t.is(counted(), count)
  }
  return { node, log, events: new EventLog(node), peers, dealer, violations }
}

/** Frames that no node should ever send, and what a node says of them. */
const badFrames: readonly (readonly [string, readonly Buffer[], RegExp])[] = [
  ['random bytes', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], /Frame 1 does not begin with the letter z/],
  ['a frame of another format', [Buffer.from([0x7a, 9, 1, 4])], /Frame 1 has format 9, only 1 is known/],
  ['a header without an envelope', [Buffer.from([0x7a, 1])], /Frame 1 has no envelope/],
  ['half a header', [Buffer.from([0x7a])], /Frame 1 ends inside its header/],
  ['an empty frame', [Buffer.alloc(0)], /A frame is empty/],
  ['an empty second frame', [...framesOf(hello()), Buffer.alloc(0)], /A frame is empty/],
  ['three frames', [Buffer.from('a'), Buffer.from('b'), Buffer.from('c')], /3 frames, at most 2/],
  [
    'a second frame that nobody announced',
    [...framesOf(hello()), Buffer.from('x')],
    /Frame 2 was not announced/,
  ],
  [
    'a truncated Hello',
    [(framesOf(hello())[0] as Buffer).subarray(0, -5)],
    /Envelope 1 .* bytes, but \d+ are left/,
  ],
  ['an envelope that promises too much', [Buffer.from([0x7a, 1, 0x7f, 0x10])], /it has \d+ bytes, but/],
]

for (const [title, frames, pattern] of badFrames) {
  test(`${title}: counted, told once, and no harm done`, async (t) => {
    const { dealer, log, events, violations } = await startTarget(t)
    await dealer.send(...frames)
    const event = await events.first('violation')
    t.regex('text' in event ? event.text : '', pattern)
    await dealer.send(...frames)
    await dealer.send(...frames)
    await violations(3)
    t.is(log.matching(pattern).length, 1)
    t.regex(log.matching(pattern)[0] ?? '', /^warn inbound \d+.* broke the protocol/)
  })
}

test('a request socket, which puts an empty frame before each message, is told apart and harms nobody', async (t) => {
  const { node, violations, log } = await startTarget(t)
  const socket = new Request({ linger: 0 })
  t.teardown(() => socket.close())
  socket.connect(node.endpoint)
  await socket.send('a question')
  await violations(1)
  t.is(log.matching(/A frame is empty/).length, 1)
})

test('a connection that does not speak ZeroMQ at all disturbs nobody', async (t) => {
  const { node, violations } = await startTarget(t)
  const port = Number(node.endpoint.split(':').at(-1))
  for (const bytes of [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01',
    '',
    '\xff\x00'.repeat(5000),
  ]) {
    const socket = connectTcp(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    socket.write(Buffer.from(bytes, 'latin1'))
  }
  await violations(0)
})

/** Hellos that must be refused, with the reason and a part of the sentence. */
const badHellos: readonly (readonly [string, Parameters<typeof hello>[0], string, RegExp])[] = [
  ['of another version', { minVersion: 7, maxVersion: 9 }, 'version', /speaks protocol 1 to 1, not 7 to 9/],
  ['of another network', { network: 'other' }, 'network', /This is network "zmqnet", not "other"/],
  ['for another node', { expects: 'bravo' }, 'wrong-node', /This is "alpha", not "bravo"/],
  [
    'of a node that is not in the list',
    { role: 'node', name: 'mallory' },
    'unknown-node',
    /"mallory" is not in/,
  ],
  ['with the own name of the node', { role: 'node', name: 'alpha' }, 'name-taken', /own name/],
]

for (const [title, changes, reason, pattern] of badHellos) {
  test(`a Hello ${title} is refused with the reason`, async (t) => {
    const { dealer, log, node, violations } = await startTarget(t)
    await dealer.say(hello({ name: 'guest', ...changes }))
    const refuse = await dealer.first('refuse')
    t.is(refuse.reason, reason as typeof refuse.reason)
    t.regex(refuse.text, pattern)
    await dealer.say(hello({ name: 'guest', ...changes }), request(1, 'echo'))
    await dealer.first('say-hello')
    await violations(3)
    t.is(log.matching(pattern).length, 1)
    // Suspect at first, and dead when nothing has been heard of it for long; but never alive.
    t.not(node.peers()[0]?.state, 'alive')
  })
}

test('a connection that says Hello in a hundred names is told once', async (t) => {
  const { dealer, log, violations } = await startTarget(t)
  for (let count = 0; count < 100; count += 1)
    await dealer.say(hello({ role: 'node', name: `mallory-${count}` }))
  await violations(100)
  t.is(log.matching(/mallory/).length, 1)
})

test('a Hello in the name of a peer that is connected is refused while that peer lives', async (t) => {
  const { node, dealer, peers, events } = await startTarget(t)
  const bravo = await startNode(t, { name: 'bravo', peers })
  bravo.handle('who', () => 'the true bravo')
  await Promise.all([node.ready(), bravo.ready()])
  await dealer.say(hello({ role: 'node', name: 'bravo', expects: 'alpha', incarnation: 5 as Incarnation }))
  const refuse = await dealer.first('refuse')
  t.is(refuse.reason, 'name-taken')
  t.is(await node.request('bravo', 'who'), 'the true bravo')
  t.is(await bravo.request('alpha', 'echo', 1), 1)
  t.like(node.peers()[0], { state: 'alive', incarnation: bravo.incarnation })
  t.is(events.count('peer:restarted bravo') + events.count('peer:dead bravo'), 0)
  t.is(node.status().counters.violations, 1)
})

test('a connection cannot change who it is', async (t) => {
  const { dealer, violations } = await startTarget(t)
  await dealer.say(hello({ name: 'first' }))
  await dealer.first('welcome')
  await dealer.say(hello({ name: 'second' }))
  t.is((await dealer.first('refuse')).reason, 'malformed')
  await dealer.say(request(1, 'echo'))
  t.is((await dealer.first('reply')).sequence, 1)
  await violations(1)
})

test('whoever speaks before Hello is asked to say it, and nothing is done for him', async (t) => {
  const { node, dealer, violations } = await startTarget(t)
  let runs = 0
  node.handle('count', () => {
    runs += 1
  })
  await dealer.say(request(1, 'count'), request(2, 'count'))
  await dealer.first('say-hello')
  await violations(1)
  t.is(runs, 0)
  await dealer.say(hello(), request(1, 'count'))
  await dealer.first('reply')
  t.is(runs, 1)
})

test('an answer to nothing is counted for each kind, and the session goes on', async (t) => {
  const { dealer, violations } = await startTarget(t)
  await dealer.say(hello())
  await dealer.first('welcome')
  const body = { type: 'none', bytes: new Uint8Array() } as const
  const answers: readonly Message[] = [
    { kind: 'reply', sequence: 99, body },
    { kind: 'reject', of: 'request', sequence: 99, reason: 'closing', code: '', text: 'x' },
    { kind: 'reject', of: 'send', sequence: 99, reason: 'closing', code: '', text: 'x' },
    { kind: 'ack', ranges: [{ first: 1, last: 2 ** 40 }] },
    { kind: 'refuse', reason: 'network', text: 'x' },
    { kind: 'say-hello' },
    {
      kind: 'welcome',
      version: 1,
      name: 'x',
      incarnation: 1 as Incarnation,
      window: 1,
      capabilities: 0,
      maxBodyBytes: 1,
      hostToken: '',
      shortcut: '',
    },
  ]
  for (const answer of answers) await dealer.say(answer)
  await dealer.say(request(1, 'echo'))
  await dealer.first('reply')
  await violations(answers.length)
})

test('an envelope of an unknown kind is counted, and those beside it are read', async (t) => {
  const { dealer, log, violations } = await startTarget(t)
  const [known] = framesOf(hello(), request(1, 'echo'))
  await dealer.send(Buffer.concat([known as Buffer, Buffer.from([3, 0x7e, 1, 2])]))
  await dealer.first('reply')
  await violations(1)
  t.is(log.matching(/1 envelopes? of an unknown kind/).length, 1)
})

test('a body above the limit is refused in words, and the connection goes on', async (t) => {
  const { dealer, violations } = await startTarget(t)
  await dealer.say(hello())
  await dealer.first('welcome')
  const large = { type: 'raw', bytes: Buffer.alloc(MIB + 1) } as const
  await dealer.say(request(1, 'echo', { body: large } as Partial<Message>))
  t.like(await dealer.first('reject'), { of: 'request', sequence: 1, reason: 'too-large' })
  await dealer.say(request(2, 'echo'))
  t.is((await dealer.first('reply')).sequence, 2)
  await violations(1)
})

test('a frame above what ZeroMQ takes ends the connection and nothing else', async (t) => {
  const { node, dealer, violations } = await startTarget(t)
  await dealer.say(hello())
  await dealer.first('welcome')
  await dealer.send(Buffer.from([0x7a, 1, 2, 0x10]), Buffer.alloc(3 * MIB))
  await dealer.say(request(1, 'echo'))
  // The dealer is dialled again by ZeroMQ itself and is a stranger then.
  await dealer.first('say-hello')
  await violations(1)
  t.is(node.status().counters.violations, 1)
})

test('a body that is not what it says is refused before the handler, and harms nobody', async (t) => {
  const { node, dealer, violations } = await startTarget(t)
  let runs = 0
  node.handle('count', () => {
    runs += 1
  })
  await dealer.say(hello())
  const bombs = [
    Buffer.from([0xc1]),
    Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]),
    Buffer.alloc(1000, 0x91),
    Buffer.from([0xd9, 0xff]),
    Buffer.from([0x92, 0x01]),
    Buffer.alloc(MIB - 8, 0x80),
  ]
  for (const [index, bytes] of bombs.entries()) {
    await dealer.say(request(index + 1, 'count', { body: { type: 'msgpack', bytes } } as Partial<Message>))
  }
  const rejects = (): Message[] => dealer.heard.filter((message) => message.kind === 'reject')
  await until(() => rejects().length === bombs.length, 'all are refused')
  t.true(rejects().every((message) => message.kind === 'reject' && message.reason === 'bad-body'))
  t.is(runs, 0)
  await violations(0)
})

test('a caller that reuses, skips and repeats numbers runs nothing twice', async (t) => {
  const { node, dealer } = await startTarget(t)
  let runs = 0
  node.handle('count', () => {
    runs += 1
    return runs
  })
  await dealer.say(hello())
  const last = Number.MAX_SAFE_INTEGER
  const sequences = [1, 1, 1, 5, 5, 3, 2 ** 31, 2 ** 31, last, last, 1, 5]
  for (const sequence of sequences) await dealer.say(request(sequence, 'count'))
  const distinct = new Set(sequences).size
  await until(() => dealer.heard.length >= 1 + sequences.length - 1, 'answers')
  t.true(runs <= distinct, `${runs} runs for ${distinct} numbers`)
  t.true(runs >= 4)
})

test('a caller that never reads its answers costs the node a bounded queue, and no one else anything', async (t) => {
  const { node, peers } = await startTarget(t)
  let runs = 0
  node.handle('big', () => {
    runs += 1
    return Buffer.alloc(200_000)
  })
  const deaf = new RawDealer(t, node.endpoint, { reads: false })
  await deaf.say(hello())
  // Asks for 100 MB at once: R7a bounds how much of that is made.
  for (let sequence = 1; sequence <= 500; sequence += 1) await deaf.say(request(sequence, 'big'))
  const client = await startClient(t, 'alpha', { peers })
  for (let round = 0; round < 50; round += 1) t.is(await client.request('echo', round), round)
  await until(() => runs + node.status().pending === 500, 'all requests are there')
  t.true(runs < 500, `${runs} ran`)
  t.is(await client.request('echo', 'at last'), 'at last')
})
