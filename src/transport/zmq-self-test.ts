/**
 * Before a secure transport serves anybody it dials itself as strangers would: with a random key, without a key, and with
 * a password. Each must be turned away, and the random key after the handler of ZAP was asked about it.
 *
 * CURVE and ZAP fail open: with one option missing, or with nobody to ask, libzmq admits every key in silence. Options are
 * set in one place, but what they do is the business of another library, so it is looked at and not believed.
 */

import { type Context, curveKeyPair, Dealer } from 'zeromq'
import type { KeyPair, PublicKey } from '../base/keys.ts'
import { describeError, type MonitorEvent } from './zmq-receive.ts'
import { PatientTimer } from './zmq-timer.ts'

/** What is to be tested. */
export interface SelfTest {
  readonly context: Context
  /** Where to dial. */
  readonly endpoint: string
  /** The key under which the socket there listens. */
  readonly serverKey: PublicKey
  /** The random keys of the test; the handler of ZAP sets one to true when it was asked about it and said no. */
  readonly probes: Map<PublicKey, boolean>
}

/** How one dial ended: admitted is the end of the start; nothing is learnt from one that was not answered. */
type Outcome = 'admitted' | 'key refused' | 'turned away' | 'not answered'

/** A dial that is not answered is repeated: a loop that is blocked while it starts answers late. */
const TRIES = 5
const TRY_MS = 2000

const STRANGERS = ['a random key', 'no key', 'a password'] as const
type Stranger = (typeof STRANGERS)[number]

/** Rejects, with the code EINSECURE, unless all strangers are turned away. */
export async function testStrangers(test: SelfTest): Promise<void> {
  const texts = await Promise.all(STRANGERS.map((stranger) => faultOf(test, stranger)))
  const faults = texts.filter((text) => text !== undefined)
  if (faults.length > 0)
    throw insecure(`The security of ${test.endpoint} failed its test: ${faults.join('; ')}`)
}

/** What is wrong with how a stranger is treated; undefined when nothing is. */
async function faultOf(test: SelfTest, stranger: Stranger): Promise<string | undefined> {
  let outcome: Outcome = 'not answered'
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { publicKey, secretKey } = curveKeyPair()
    if (stranger === 'a random key') test.probes.set(publicKey, false)
    outcome = await dialAs(stranger, test, { publicKey, secretKey })
    if (outcome === 'admitted') return `a stranger with ${stranger} was admitted`
    if (stranger !== 'a random key') {
      if (outcome !== 'not answered') return undefined
    } else if (outcome === 'key refused') {
      return test.probes.get(publicKey) === true ? undefined : 'nobody was asked about a random key'
    }
  }
  return `a stranger with ${stranger} got no clear answer (${outcome})`
}

async function dialAs(stranger: Stranger, test: SelfTest, pair: KeyPair): Promise<Outcome> {
  const socket = new Dealer({
    context: test.context,
    ipv6: test.endpoint.includes('['),
    linger: 0,
    // Once is enough, and no random key shall come again.
    reconnectInterval: TRY_MS * 2,
    handshakeInterval: TRY_MS * 2,
    ...(stranger === 'a random key' && {
      curveServerKey: test.serverKey,
      curvePublicKey: pair.publicKey,
      curveSecretKey: pair.secretKey,
    }),
    ...(stranger === 'a password' && { plainUsername: 'stranger', plainPassword: 'stranger' }),
  })
  const timer = new PatientTimer()
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      timer.set(TRY_MS, () => resolve('not answered'))
      // The monitor is attached before connect, or the first events would be missed.
      watch(socket.events, resolve).catch(reject)
      socket.connect(test.endpoint)
    })
  } catch (error) {
    throw insecure(`The security of ${test.endpoint} cannot be tested: ${describeError(error)}`)
  } finally {
    timer.clear()
    socket.close()
  }
}

/** Reads a monitor to its end, as one must; the first event that decides is told. */
async function watch(
  events: { receive(): Promise<MonitorEvent | undefined> },
  tell: (outcome: Outcome) => void,
): Promise<void> {
  let outcome: Outcome = 'turned away'
  for (;;) {
    const event = await events.receive()
    if (event === undefined || event.type === 'end') return
    if (event.type === 'handshake') tell('admitted')
    else if (event.type === 'handshake:error:auth') outcome = 'key refused'
    else if (event.type === 'disconnect') tell(outcome)
    else if (event.type === 'close') tell('not answered')
  }
}

function insecure(text: string): Error {
  return Object.assign(new Error(text), { code: 'EINSECURE' })
}
