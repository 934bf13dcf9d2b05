/**
 * Bad manners of those whom a node dials: a false peer that answers nonsense, refuses without end, or never lets a link
 * rest. Each call of the node still settles, in time and honestly, and the node serves others on.
 */

import test, { type ExecutionContext } from 'ava'
import type { Incarnation } from '../../src/base/ids.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { Node } from '../../src/index.ts'
import type { Message } from '../../src/wire/messages.ts'
import { EventLog, errorOf, LogLines, peersOf, portOf, quiet, startNode, until } from '../support/mesh.ts'
import { type FalseManners, FalsePeer, framesOf, welcome } from '../support/raw-socket.ts'

const MIB = 1024 * 1024
const NO_BODY = { type: 'none', bytes: new Uint8Array() } as const

/** Alpha with a false bravo and a true charlie. */
interface Deceived {
  readonly alpha: Node
  readonly bravo: FalsePeer
  readonly events: EventLog
  readonly log: LogLines
  /** Proves that alpha still works with the others. */
  works(): Promise<void>
}

async function startDeceived(t: ExecutionContext, manners: FalseManners): Promise<Deceived> {
  const peers = await peersOf(['alpha', 'bravo', 'charlie'])
  const bravo = await FalsePeer.start(t, `tcp://127.0.0.1:${portOf(peers, 'bravo')}`, manners)
  const log = new LogLines()
  const alpha = await startNode(t, { name: 'alpha', peers, log })
  const events = new EventLog(alpha)
  const charlie = await startNode(t, { name: 'charlie', peers })
  charlie.handle('echo', (body) => body)
  await until(() => alpha.peers()[1]?.link === 'open', 'charlie is linked')
  const works = async (): Promise<void> => {
    t.is(await alpha.request('charlie', 'echo', 'still there'), 'still there')
    t.is(events.count('peer:dead charlie'), 0)
  }
  return { alpha, bravo, events, log, works }
}

/** Says Welcome, and treats requests and sends as told. */
function welcoming(manners: FalseManners): FalseManners {
  return (message, answer) => {
    if (message.kind === 'hello') answer(...framesOf(welcome()))
    else manners(message, answer)
  }
}

function linked(alpha: Node): Promise<boolean> {
  return until(() => alpha.peers()[0]?.link === 'open', 'bravo is linked')
}

test.serial('replies to what was never asked are counted, and the true request times out', async (t) => {
  const manners = welcoming((message, answer) => {
    if (message.kind !== 'request') return
    for (const off of [1000, 2 ** 40]) {
      answer(...framesOf({ kind: 'reply', sequence: message.sequence + off, body: NO_BODY }))
    }
  })
  const { alpha, works, log } = await startDeceived(t, manners)
  await linked(alpha)
  const error = await errorOf(t, alpha.request('bravo', 'x', 1, { timeout: 600, retries: 0 }))
  t.like(error, { code: 'TIMEOUT', outcome: 'unknown', safeToRetry: false })
  t.is(alpha.status().counters.violations, 2)
  t.is(log.matching(/"bravo" sent a reply to nothing/).length, 1)
  t.regex(log.matching(/a reply to nothing/)[0] ?? '', /^warn tcp:\/\/127\.0\.0\.1:\d+/)
  await works()
})

test('a second reply to the same request is ignored', async (t) => {
  const manners = welcoming((message, answer) => {
    if (message.kind !== 'request') return
    const reply = (byte: number): Message => ({
      kind: 'reply',
      sequence: message.sequence,
      body: { type: 'msgpack', bytes: Buffer.from([byte]) },
    })
    answer(...framesOf(reply(1), reply(2), reply(3)))
  })
  const { alpha, works } = await startDeceived(t, manners)
  await linked(alpha)
  t.is(await alpha.request('bravo', 'x'), 1)
  t.is(await alpha.request('bravo', 'x'), 1)
  await works()
})

test('a reply that cannot be read is an error with the outcome handled', async (t) => {
  const manners = welcoming((message, answer) => {
    if (message.kind !== 'request') return
    const body = { type: 'msgpack', bytes: Buffer.alloc(500, 0x91) } as const
    answer(...framesOf({ kind: 'reply', sequence: message.sequence, body }))
  })
  const { alpha, works } = await startDeceived(t, manners)
  await linked(alpha)
  const error = await errorOf(t, alpha.request('bravo', 'x'))
  t.like(error, { code: 'REJECTED', outcome: 'handled', safeToRetry: false, peer: 'bravo' })
  t.regex(error.message, /^Cannot read the reply of "bravo" to "x": /)
  const cast = await alpha.broadcast('echo', 'body')
  t.is(cast.acked.length + cast.missing.length, 2)
  await works()
})

test.serial(
  'a reply above the limit fails the request at once, because asking again would not help',
  async (t) => {
    const manners = welcoming((message, answer) => {
      if (message.kind !== 'request') return
      const body = { type: 'raw', bytes: Buffer.alloc(MIB + 1) } as const
      answer(...framesOf({ kind: 'reply', sequence: message.sequence, body }))
    })
    const { alpha, works } = await startDeceived(t, manners)
    await linked(alpha)
    const startedAt = performance.now()
    const error = await errorOf(t, alpha.request('bravo', 'x'))
    t.like(error, { code: 'HANDLER_FAILED', outcome: 'handled', safeToRetry: false })
    t.regex(error.message, /above the limit of 1048576 bytes, in its reply$/)
    t.true(performance.now() - startedAt < 1000)
    t.is(alpha.status().counters.violations, 1)
    await works()
  },
)

test('rejects with every byte for a reason settle the request', async (t) => {
  let reason = 0
  const manners = welcoming((message, answer) => {
    if (message.kind !== 'request') return
    const reject = { kind: 'reject', of: 'request', reason: 'closing', code: '', text: '' } as const
    const [frame] = framesOf({ ...reject, sequence: message.sequence })
    // Behind the reason stand the lengths of an empty code and an empty text.
    frame?.writeUInt8(reason, frame.length - 3)
    answer(frame as Buffer)
  })
  const { alpha, works } = await startDeceived(t, manners)
  await linked(alpha)
  for (reason = 0; reason < 256; reason += 1) {
    if (reason === 120) await works()
    const error = await errorOf(t, alpha.request('bravo', 'x', 1, { timeout: 2000, retries: 0 }))
    t.not(error.code, 'TIMEOUT')
    t.is(error.safeToRetry, reason < 0x80, `${reason}: ${error.code}`)
  }
  await works()
})

test.serial('a Welcome in another name opens no link', async (t) => {
  const { alpha, events, works } = await startDeceived(t, (message, answer) => {
    if (message.kind === 'hello')
      answer(...framesOf(welcome({ name: 'charlie' }), welcome({ name: 'mallory' })))
  })
  const error = await errorOf(t, alpha.request('bravo', 'x', 1, { timeout: 300, retries: 0 }))
  t.like(error, { code: 'NOT_SENT', outcome: 'not-sent', safeToRetry: true })
  t.is(events.count('link:up bravo'), 0)
  t.not(alpha.peers()[0]?.link, 'open')
  await works()
})

test('a Welcome that names another run each time ends what was asked as a restart', async (t) => {
  let run = 1
  const { alpha, works } = await startDeceived(t, (message, answer) => {
    if (message.kind === 'hello') answer(...framesOf(welcome({ incarnation: run as Incarnation })))
    if (message.kind !== 'request') return
    run += 1
    answer(...framesOf(welcome({ incarnation: run as Incarnation })))
  })
  await linked(alpha)
  for (let round = 0; round < 20; round += 1) {
    const error = await errorOf(t, alpha.request('bravo', 'x', 1, { timeout: 2000, retries: 0 }))
    t.like(error, { code: 'PEER_RESTARTED', outcome: 'unknown', safeToRetry: false })
  }
  await works()
})

test.serial('a storm of refusals is one refusal, and the node asks again only now and then', async (t) => {
  const { alpha, bravo, events, log, works } = await startDeceived(t, (message, answer) => {
    if (message.kind !== 'hello') return
    const refuse = { kind: 'refuse', reason: 'network', text: 'Not with me' } as const
    for (let count = 0; count < 200; count += 1) answer(...framesOf(refuse, refuse, refuse))
  })
  t.like(await events.first('link:refused bravo'), { reason: 'network', text: 'Not with me' })
  await quiet(600)
  t.true(events.count('link:refused bravo') <= bravo.count('hello'))
  t.true(bravo.count('hello') <= 3, `${bravo.count('hello')} Hellos`)
  t.is(log.matching(/peer bravo refused this node \(network\): Not with me/).length, 1)
  t.is(alpha.peers()[0]?.link, 'refused')
  await works()
})

test('a peer that wants a Hello after each Welcome does not get the node to spin', async (t) => {
  const { bravo, works } = await startDeceived(t, (message, answer) => {
    if (message.kind === 'hello') answer(...framesOf(welcome(), { kind: 'say-hello' }))
  })
  await until(() => bravo.count('hello') >= 1, 'a Hello')
  await quiet(1500)
  t.true(bravo.count('hello') <= 10, `${bravo.count('hello')} Hellos in 1.5 s`)
  await works()
})

test('receipts for what was never sent, or for everything, settle nothing that has not left', async (t) => {
  const last = Number.MAX_SAFE_INTEGER
  let ranges: readonly { first: number; last: number }[] = []
  const manners = welcoming((message, answer) => {
    if (message.kind === 'send') answer(...framesOf({ kind: 'ack', ranges }))
  })
  const { alpha, works } = await startDeceived(t, manners)
  await linked(alpha)
  for (ranges of [
    [{ first: 500, last: 600 }],
    [
      { first: last - 1, last: last - 1 },
      { first: last, last },
    ],
    Array.from({ length: 64 }, (_, index) => ({ first: 1000 + index * 2, last: 1000 + index * 2 })),
    [],
  ]) {
    const error = await errorOf(t, alpha.send('bravo', 'x', 1, { timeout: 100 }))
    t.like(error, { code: 'TIMEOUT', outcome: 'unknown', safeToRetry: false })
  }
  ranges = [{ first: 1, last }]
  t.is((await alpha.send('bravo', 'x', 1, { timeout: 1000 })).outcome, 'delivered')
  await works()
})

test('requests, sends and cancels on a link that the node dialled are counted and not done', async (t) => {
  const manners = welcoming((message, answer) => {
    if (message.kind !== 'request') return
    const { sequence } = message
    answer(
      ...framesOf(
        { ...message, verb: 'count' },
        { kind: 'send', sequence, expiresAt: 0, verb: 'count', body: NO_BODY },
        { kind: 'cancel', sequence },
        { kind: 'reply', sequence, body: NO_BODY },
      ),
    )
  })
  const { alpha, works } = await startDeceived(t, manners)
  await linked(alpha)
  let runs = 0
  alpha.handle('count', () => {
    runs += 1
  })
  await alpha.request('bravo', 'x')
  t.is(runs, 0)
  t.is(alpha.status().counters.violations, 3)
  await works()
})

test.serial('thousands of random answers leave no call open and the node at work', async (t) => {
  const random = seededRandom(20_261_121)
  const noise = (): Buffer => Buffer.from(Array.from({ length: random.below(60) }, () => random.below(256)))
  const manners: FalseManners = (message, answer) => {
    if (message.kind === 'hello') answer(...framesOf(welcome()))
    for (let count = 0; count < 20; count += 1) {
      const [frame] = framesOf(
        { kind: 'reply', sequence: 1 + random.below(200), body: { type: 'msgpack', bytes: noise() } },
        { kind: 'ack', ranges: [{ first: 1 + random.below(50), last: 100 }] },
      )
      if (random.below(2) === 0) frame?.writeUInt8(random.below(256), random.below(frame.length))
      answer(frame as Buffer)
    }
  }
  const { alpha, works } = await startDeceived(t, manners)
  await linked(alpha)
  const calls = Array.from({ length: 300 }, (_, index) => {
    if (index % 3 === 0) return alpha.send('bravo', 'x', index, { timeout: 1500 })
    return alpha.request('bravo', 'x', index, { timeout: 500, retries: 2 })
  })
  const settled = await Promise.allSettled(calls)
  t.is(settled.length, 300)
  t.true(alpha.status().counters.violations > 50)
  await works()
})
