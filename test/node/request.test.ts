/**
 * Requests over real sockets, while nothing breaks: bodies, refusals, failures of handlers, time that crosses hops, and
 * cancelling from the caller to the last handler.
 */

import test from 'ava'
import type { BodyValue } from '../../src/index.ts'
import { errorOf, HeldHandler, peersOf, signal, startMesh, startNode, until } from '../support/mesh.ts'

const MIB = 1024 * 1024

test.serial('a request is answered by the handler of its verb, which learns who asked and how', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('greet', async (body, { from, verb, kind, attempt, remainingMs }) => {
    t.deepEqual({ from, verb, kind, attempt }, { from: 'alpha', verb: 'greet', kind: 'request', attempt: 1 })
    t.true(remainingMs > 9000 && remainingMs <= 10_000, `${remainingMs} ms remain`)
    return `hello ${body.name}`
  })
  t.is(await alpha.request('bravo', 'greet', { name: 'x' }), 'hello x')
})

test.serial('every kind of body that can travel comes back as it went', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('same', (body) => body)
  const nested = { list: [1, -1, 1.5, 2 ** 40, null, true, 'ü𝄞', ''], inner: { deep: [[[]]] }, '': 0 }
  const large = 'x'.repeat(300_000)
  const bodies: BodyValue[] = [
    undefined,
    null,
    '',
    0,
    false,
    [],
    {},
    nested,
    large,
    new Date(1e12),
    2n ** 60n,
  ]
  for (const body of bodies) t.deepEqual(await alpha.request('bravo', 'same', body), body)
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256))
  t.deepEqual(Buffer.from(await alpha.request('bravo', 'same', bytes)), bytes)
  t.deepEqual(Buffer.from(await alpha.request('bravo', 'same', new Uint8Array())), Buffer.alloc(0))
})

test.serial(
  'a body of the limit travels both ways, and one byte more is refused before it is sent',
  async (t) => {
    const peers = await peersOf(['alpha', 'bravo'])
    const [alpha, bravo] = await Promise.all([
      startNode(t, { name: 'alpha', peers, maxBody: MIB }),
      startNode(t, { name: 'bravo', peers, maxBody: MIB }),
    ])
    await alpha.ready()
    bravo.handle('length', (body) => body.length)
    bravo.handle('make', (length) => Buffer.alloc(length))
    t.is(await alpha.request('bravo', 'length', Buffer.alloc(MIB)), MIB)
    t.is((await alpha.request('bravo', 'make', MIB)).length, MIB)
    const tooLong = await errorOf(t, alpha.request('bravo', 'length', Buffer.alloc(MIB + 1)))
    t.like(tooLong, { code: 'TOO_LARGE', outcome: 'not-sent', safeToRetry: false })
    t.regex(tooLong.message, /1048577 bytes, the limit is 1048576/)
    const reply = await errorOf(t, alpha.request('bravo', 'make', MIB + 1))
    t.like(reply, { code: 'HANDLER_FAILED', outcome: 'handled', safeToRetry: false, peer: 'bravo' })
    t.regex(reply.message, /reply has 1048577 bytes, the limit is 1048576/)
  },
)

test.serial('a verb without a handler is refused at once, and one that was taken away too', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('gone', () => 1)
  t.is(await alpha.request('bravo', 'gone'), 1)
  t.true(bravo.unhandle('gone'))
  t.false(bravo.unhandle('gone'))
  const startedAt = performance.now()
  for (const verb of ['gone', 'never-there']) {
    const error = await errorOf(t, alpha.request('bravo', verb))
    t.like(error, { code: 'UNKNOWN_VERB', outcome: 'rejected', safeToRetry: true, peer: 'bravo' })
    t.is(error.message, `Cannot request "${verb}" from "bravo": No handler for "${verb}"`)
  }
  t.true(performance.now() - startedAt < 1000)
})

test.serial(
  'what a handler throws reaches the caller as message and code, and never as a stack',
  async (t) => {
    const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
    const coded = Object.assign(new TypeError('No such row'), { code: 'E_ROW' })
    const thrown: [BodyValue, string, string | undefined][] = [
      [new Error('It broke'), 'It broke', undefined],
      [coded, 'No such row', 'E_ROW'],
      [new RangeError(''), 'RangeError', undefined],
      ['just text', 'just text', undefined],
      [undefined, 'undefined', undefined],
      [42, '42', undefined],
    ]
    bravo.handle('sync', (index: number) => {
      throw thrown[index]?.[0]
    })
    bravo.handle('async', async (index: number) => {
      await undefined
      throw thrown[index]?.[0]
    })
    for (const verb of ['sync', 'async']) {
      for (const [index, [, text, code]] of thrown.entries()) {
        const error = await errorOf(t, alpha.request('bravo', verb, index))
        t.like(error, { code: 'HANDLER_FAILED', outcome: 'handled', safeToRetry: false, remoteCode: code })
        t.is(error.message, `Cannot request "${verb}" from "bravo": its handler failed: ${text}`)
        t.false(error.message.includes('.js') || error.message.includes('    at '))
      }
    }
  },
)

test.serial(
  'whatever a handler throws or returns, the caller gets an answer and the node goes on',
  async (t) => {
    const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
    const getter = (name: string): object =>
      Object.defineProperty({}, name, {
        enumerable: true,
        get: () => {
          throw new Error('A bad getter')
        },
      })
    const strange: BodyValue[] = [
      Object.create(null),
      Object.assign(new Error('x'), { message: 5 }),
      Object.defineProperty(
        new Error('x'),
        'code',
        Object.getOwnPropertyDescriptor(getter('code'), 'code') ?? {},
      ),
      Object.assign(Object.create(null), { toString: 1 }),
      Symbol('s'),
    ]
    bravo.handle('throw', (index: number) => {
      throw strange[index]
    })
    bravo.handle('reject', (index: number) => Promise.reject(strange[index]))
    // Looks like a promise by its name only.
    const noPromise = Object.fromEntries([['then', 5]])
    const returned: BodyValue[] = [getter('then'), getter('field'), noPromise]
    bravo.handle('return', (index: number) => returned[index])
    for (const index of strange.keys()) {
      for (const verb of ['throw', 'reject']) {
        const error = await errorOf(t, alpha.request('bravo', verb, index, { timeout: 1000, retries: 0 }))
        t.is(error.code, 'HANDLER_FAILED', `${verb} ${index}: ${error.message}`)
      }
    }
    for (const index of [0, 1]) {
      const error = await errorOf(t, alpha.request('bravo', 'return', index, { timeout: 1000, retries: 0 }))
      t.is(error.code, 'HANDLER_FAILED', `return ${index}: ${error.message}`)
    }
    t.deepEqual(await alpha.request('bravo', 'return', 2), noPromise)
  },
)

test.serial('a reply that cannot travel fails the request and says what is wrong with it', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('map', () => ({ inner: new Map([[1, 2]]) }))
  const error = await errorOf(t, alpha.request('bravo', 'map'))
  t.is(error.code, 'HANDLER_FAILED')
  t.regex(error.message, /a Map .* at inner$/)
})

test.serial('an argument that can never work is refused with a sentence that names it', async (t) => {
  const { alpha } = await startMesh(t, ['alpha', 'bravo'])
  const long = 'v'.repeat(256)
  const calls: [() => Promise<unknown>, RegExp][] = [
    [() => alpha.request('nobody', 'x'), /from "nobody": there is no such peer; the peers are bravo/],
    [() => alpha.request('alpha', 'x'), /from "alpha": a node does not ask itself/],
    [() => alpha.request('bravo', ''), /a verb is a string of 1 to 255 bytes/],
    [() => alpha.request('bravo', long), /a verb is a string of 1 to 255 bytes/],
    [() => alpha.request('bravo', 5 as unknown as string), /a verb is a string of 1 to 255 bytes/],
    [() => alpha.request('bravo', 'x', () => 1), /Cannot request "x" from "bravo": .*function/],
    [() => alpha.request('bravo', 'x', { a: [new Set()] }), /a Set .* at a\[0\]/],
    [() => alpha.request('bravo', 'x', 1, { timeout: 0 }), /"timeout" is milliseconds above 0.*not 0/],
    [() => alpha.request('bravo', 'x', 1, { timeout: Number.NaN }), /"timeout".*not NaN/],
    [() => alpha.request('bravo', 'x', 1, { retries: -1 }), /"retries" is a whole number from 0.*not -1/],
    [() => alpha.request('bravo', 'x', 1, { retries: 0.5 }), /"retries".*not 0.5/],
    [() => alpha.request('bravo', 'x', 1, { deadline: -5 }), /"deadline".*not -5/],
    [() => alpha.request('bravo', 'x', 1, { signal: {} as AbortSignal }), /"signal" is an AbortSignal/],
    [() => alpha.request('bravo', 'x', 1, null as never), /options/],
    [() => alpha.send('nobody', 'x'), /to "nobody": there is no such peer/],
    [() => alpha.send('alpha', 'x'), /to "alpha": a node does not ask itself/],
    [() => alpha.send('bravo', 'x', 1, { timeout: 1e12 }), /"timeout".*not 1000000000000/],
    [() => alpha.broadcast(''), /Cannot broadcast "": a verb is a string/],
    [() => alpha.broadcast('x', 1, { until: 0 }), /"until" is all, majority or a number from 1 on, not 0/],
    [() => alpha.broadcast('x', 1, { until: 'most' as 'all' }), /"until" is all, majority.*not most/],
    [() => alpha.broadcast('x', 1, { signal: {} as AbortSignal }), /"signal" is an AbortSignal/],
  ]
  for (const [call, pattern] of calls) {
    const error = await errorOf(t, call())
    t.like(error, { code: 'INVALID_ARGUMENT', outcome: 'not-sent', safeToRetry: false })
    t.regex(error.message, pattern)
  }
})

test.serial('a verb of zmqnet itself and a handler that is none are refused', async (t) => {
  const { alpha } = await startMesh(t, ['alpha'])
  const invalid = { code: 'INVALID_ARGUMENT' }
  t.throws(() => alpha.handle('zmqnet.echo', () => 1), { ...invalid, message: /"zmqnet\." are reserved/ })
  t.throws(() => alpha.handle('', () => 1), { ...invalid, message: /1 to 255 bytes/ })
  t.throws(() => alpha.handle('x', 'y' as never), { ...invalid, message: /the handler is no function/ })
})

test.serial('an attempt that nobody answers is repeated, and the request times out as unknown', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('never', () => new Promise(() => {}))
  const startedAt = performance.now()
  const error = await errorOf(t, alpha.request('bravo', 'never', 1, { timeout: 250, retries: 2 }))
  const tookMs = performance.now() - startedAt
  t.like(error, { code: 'TIMEOUT', outcome: 'unknown', safeToRetry: false, peer: 'bravo' })
  t.regex(error.message, /^Cannot request "never" from "bravo": no answer within \d+ ms and \d attempts$/)
  t.true(tookMs >= 740 && tookMs < 3000, `${tookMs} ms`)
  t.true(alpha.status().counters.retries >= 1)
  const again = alpha.request('bravo', 'never', 1, { timeout: 300, retries: 0, idempotent: true })
  t.true((await errorOf(t, again)).safeToRetry)
})

test.serial('a deadline bounds all attempts together', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('never', () => new Promise(() => {}))
  const startedAt = performance.now()
  const error = await errorOf(
    t,
    alpha.request('bravo', 'never', 1, { timeout: 100, retries: 50, deadline: 400 }),
  )
  t.is(error.code, 'TIMEOUT')
  const tookMs = performance.now() - startedAt
  t.true(tookMs >= 399 && tookMs < 1500, `${tookMs} ms`)
})

test.serial(
  'a slow handler runs once although its caller asks again, and its late answer is taken',
  async (t) => {
    const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
    const slow = new HeldHandler()
    bravo.handle('slow', slow.handle)
    const reply = alpha.request('bravo', 'slow', 1, { timeout: 60, retries: 20 })
    await until(() => alpha.status().counters.retries >= 2, 'two retries')
    slow.answer('late, but here')
    t.is(await reply, 'late, but here')
    t.is(slow.runs, 1)
  },
)

test.serial('the signal of the caller aborts the request here and the handler there', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const [started, aborted] = [signal(), signal<string>()]
  bravo.handle('wait', (_body, context) => {
    started.resolve()
    context.signal.addEventListener('abort', () => aborted.resolve(context.signal.reason.code))
    return new Promise(() => {})
  })
  const abort = new AbortController()
  const request = alpha.request('bravo', 'wait', 1, { signal: abort.signal })
  await started.promise
  abort.abort()
  t.like(await errorOf(t, request), { code: 'ABORTED', outcome: 'unknown', safeToRetry: false })
  t.is(await aborted.promise, 'ABORTED')
  const never = await errorOf(t, alpha.request('bravo', 'wait', 1, { signal: abort.signal }))
  t.like(never, { code: 'ABORTED', outcome: 'not-sent', safeToRetry: true })
})

test.serial('the signal of a handler aborts when the time of its caller is over', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const reason = signal<string>()
  bravo.handle('wait', (_body, context) => {
    context.signal.addEventListener('abort', () => reason.resolve(context.signal.reason.code))
    return new Promise(() => {})
  })
  t.is((await errorOf(t, alpha.request('bravo', 'wait', 1, { timeout: 300, retries: 0 }))).code, 'TIMEOUT')
  t.is(await reason.promise, 'EXPIRED')
})

test.serial('the time that remains crosses two hops and only shrinks', async (t) => {
  const { alpha, bravo, charlie } = await startMesh(t, ['alpha', 'bravo', 'charlie'])
  const remaining: number[] = []
  charlie.handle('last', (_body, context) => {
    remaining.push(context.remainingMs)
    return 'from charlie'
  })
  bravo.handle('relay', async (_body, context) => {
    remaining.push(context.remainingMs)
    const since = performance.now()
    await until(() => performance.now() - since >= 60, '60 ms of work')
    return context.request('charlie', 'last')
  })
  t.is(await alpha.request('bravo', 'relay', 1, { timeout: 1500, retries: 0 }), 'from charlie')
  const [atBravo = 0, atCharlie = 0] = remaining
  t.true(atBravo <= 1500 && atBravo > 1000, `${atBravo} ms remained at bravo`)
  t.true(atCharlie <= atBravo - 50 && atCharlie > 500, `${atBravo} ms, then ${atCharlie} ms remained`)
})

test.serial('an abort travels over two hops to the last handler', async (t) => {
  const { alpha, bravo, charlie } = await startMesh(t, ['alpha', 'bravo', 'charlie'])
  const [started, aborted] = [signal(), signal()]
  charlie.handle('last', (_body, context) => {
    context.signal.addEventListener('abort', () => aborted.resolve())
    started.resolve()
    return new Promise(() => {})
  })
  const inner = signal<string>()
  bravo.handle('relay', (_body, context) =>
    context.request('charlie', 'last').catch((error) => {
      inner.resolve(error.code)
      throw error
    }),
  )
  const abort = new AbortController()
  const request = alpha.request('bravo', 'relay', 1, { signal: abort.signal })
  await started.promise
  abort.abort()
  t.is((await errorOf(t, request)).code, 'ABORTED')
  await aborted.promise
  t.is(await inner.promise, 'ABORTED')
})

test.serial('a handler whose caller has run out of time starts no further hop', async (t) => {
  const { alpha, bravo, charlie } = await startMesh(t, ['alpha', 'bravo', 'charlie'])
  let runs = 0
  charlie.handle('last', () => {
    runs += 1
  })
  const inner = signal<string>()
  bravo.handle('relay', async (_body, context) => {
    await until(() => context.remainingMs === 0 && context.signal.aborted, 'the end of the time')
    await context.request('charlie', 'last').catch((error) => inner.resolve(error.code))
  })
  await errorOf(t, alpha.request('bravo', 'relay', 1, { timeout: 300, retries: 0 }))
  t.is(await inner.promise, 'ABORTED')
  t.is(runs, 0)
})

test.serial('a thousand requests at once all get their own answers', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('double', async (body) => body * 2)
  const replies = await Promise.all(
    Array.from({ length: 1000 }, (_, index) => alpha.request('bravo', 'double', index)),
  )
  t.deepEqual(
    replies,
    replies.map((_, index) => index * 2),
  )
})
