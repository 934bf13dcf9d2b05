/**
 * The seven configurations of CURVE and ZAP that look secure, over real sockets: three of them let in whoever has a key of
 * his own making. An unknown key must be refused, or the self-test must say that the node may not start.
 */

import { createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Dealer, Router } from 'zeromq'
import { testStrangers } from '../../src/transport/zmq-self-test.ts'
import { ZAP_DOMAIN, ZapHandler } from '../../src/transport/zmq-zap.ts'
import { newPair } from './key-holder.ts'
import { newContext, tcpEndpoint } from './recorder.ts'

interface Configuration {
  readonly zapDomain?: string
  readonly zapEnforceDomain?: boolean
  readonly hasHandler?: boolean
}

interface Served {
  readonly endpoint: string
  /** Runs the self-test; gives what it says is wrong, or nothing. */
  test(): Promise<string | undefined>
  /** The code that a dial as a stranger ends with. */
  dial(): Promise<string>
}

async function serve(
  t: ExecutionContext,
  { hasHandler = false, ...options }: Configuration,
  isCurve = true,
): Promise<Served> {
  const context = newContext()
  const probes = new Map<string, boolean>()
  const serving = newPair()
  if (hasHandler) {
    const handler = await ZapHandler.open(context, {
      admits: () => false,
      refused: ({ publicKey = '' }) => probes.set(publicKey, true),
      fault: t.fail,
    })
    t.teardown(() => handler.close())
  }
  const curve = { curveServer: true, curveSecretKey: serving.secretKey }
  const router = new Router({ context, linger: 0, handshakeInterval: 500, ...(isCurve && curve), ...options })
  t.teardown(() => router.close())
  await router.bind('tcp://127.0.0.1:0')
  const endpoint = router.lastEndpoint as string
  return {
    endpoint,
    test: () =>
      testStrangers({ context, endpoint, serverKey: serving.publicKey, probes }).then(
        () => undefined,
        (error: NodeJS.ErrnoException) => `${error.code}: ${error.message}`,
      ),
    dial: () => {
      const { publicKey, secretKey } = newPair()
      const dealer = new Dealer({
        context: newContext(),
        linger: 0,
        reconnectInterval: 60_000,
        curveServerKey: serving.publicKey,
        curvePublicKey: publicKey,
        curveSecretKey: secretKey,
      })
      const { events } = dealer
      dealer.connect(endpoint)
      return endOf(dealer, events)
    },
  }
}

/** How a handshake ended. The monitor is read to its own end, as libzmq wants it. */
async function endOf(dealer: Dealer, events: Dealer['events']): Promise<string> {
  let end = 'nothing'
  for (;;) {
    const { type } = await events.receive()
    if (type === 'end') return end
    if (type !== 'handshake' && !type.startsWith('handshake:error')) continue
    end = type
    dealer.close()
  }
}

/** What each one does with a stranger, and what the self-test says of it; undefined: the node may start. */
const SEVEN: readonly [name: string, Configuration, dial: RegExp, verdict: RegExp | undefined][] = [
  ['CURVE alone', {}, /^handshake$/, /a stranger with a random key was admitted/],
  ['a domain, but no handler', { zapDomain: ZAP_DOMAIN }, /^handshake$/, /a random key was admitted/],
  [
    'a domain that is enforced, but no handler',
    { zapDomain: ZAP_DOMAIN, zapEnforceDomain: true },
    /^handshake:error/,
    /got no clear answer|nobody was asked/,
  ],
  [
    'a handler and enforcement, but no domain',
    { zapEnforceDomain: true, hasHandler: true },
    /^handshake$/,
    /a random key was admitted/,
  ],
  [
    'a handler, which is asked about no domain',
    { hasHandler: true },
    /^handshake:error/,
    /nobody was asked about a random key/,
  ],
  [
    'a handler and a domain',
    { zapDomain: ZAP_DOMAIN, hasHandler: true },
    /^handshake:error:auth$/,
    undefined,
  ],
  [
    'all of it',
    { zapDomain: ZAP_DOMAIN, zapEnforceDomain: true, hasHandler: true },
    /^handshake:error:auth$/,
    undefined,
  ],
]

for (const [name, configuration, dial, verdict] of SEVEN) {
  test(`E7: with ${name}, an unknown key is refused, or the node does not start`, async (t) => {
    const served = await serve(t, configuration)
    t.regex(await served.dial(), dial, 'this is what libzmq does')
    const fault = await served.test()
    if (verdict === undefined) t.is(fault, undefined)
    else {
      t.regex(fault ?? 'no fault', verdict)
      t.regex(fault ?? 'no fault', /^EINSECURE: The security of tcp:\/\/127\.0\.0\.1:\d+ failed its test/)
    }
  })
}

test('E7: a socket without CURVE fails the test, with the strangers that it let in', async (t) => {
  const served = await serve(t, {}, false)
  t.regex((await served.test()) ?? 'no fault', /a stranger with no key was admitted/)
})

test('E7: a guard that admits every key fails the test', async (t) => {
  const context = newContext()
  const handler = await ZapHandler.open(context, {
    admits: () => true,
    refused: () => t.fail(),
    fault: t.fail,
  })
  const { publicKey, secretKey } = newPair()
  const router = new Router({
    context,
    linger: 0,
    curveServer: true,
    curveSecretKey: secretKey,
    zapDomain: ZAP_DOMAIN,
    zapEnforceDomain: true,
  })
  t.teardown(() => {
    router.close()
    handler.close()
  })
  await router.bind('tcp://127.0.0.1:0')
  const endpoint = router.lastEndpoint as string
  await t.throwsAsync(testStrangers({ context, endpoint, serverKey: publicKey, probes: new Map() }), {
    code: 'EINSECURE',
    message: /a stranger with a random key was admitted/,
  })
})

test('E7: an address that cannot be dialled fails the test', async (t) => {
  const server = createServer()
  const endpoint = await tcpEndpoint(server)
  await new Promise((resolve) => server.close(resolve))
  const context = newContext()
  const serverKey = newPair().publicKey
  await t.throwsAsync(testStrangers({ context, endpoint, serverKey, probes: new Map() }), {
    code: 'EINSECURE',
    message: /got no clear answer/,
  })
})
