/** Planted faults in secure connections: who is judged, with which keys one dials, and what a change of keys does. */

import type { Mutant } from './mutant.ts'

const ZAP = 'src/transport/zmq-zap.ts'
const SOCKETS = 'src/transport/zmq-sockets.ts'
const SELF_TEST = 'src/transport/zmq-self-test.ts'
const DIAL_KEYS = 'src/transport/zmq-dial-keys.ts'
const LISTENING = 'src/transport/zmq-listening.ts'
const REDIAL = 'src/transport/zmq-redial.ts'

export const TRANSPORT_MUTANTS: readonly Mutant[] = [
  {
    name: 'libzmq asks nobody about strangers',
    clause: 'E3',
    file: SOCKETS,
    find: '        zapDomain: ZAP_DOMAIN,\n',
    replace: '',
  },
  {
    name: 'a secure address speaks without CURVE',
    clause: 'E1',
    file: SOCKETS,
    find: '        curveServer: true,\n',
    replace: '',
  },
  {
    name: 'what CURVE adds to a frame counts in its limit',
    clause: 'E1',
    file: SOCKETS,
    find: 'maxFrameBytes + (this.#isSecure ? CURVE_FRAME_BYTES : 0)',
    replace: 'maxFrameBytes + (this.#isSecure ? 0 * CURVE_FRAME_BYTES : 0)',
  },
  {
    name: 'a key of any mechanism is judged',
    clause: 'E3',
    file: ZAP,
    find: "textOf(mechanism) !== 'CURVE'",
    replace: "textOf(mechanism) === ''",
  },
  {
    name: 'a question for another domain is judged',
    clause: 'E3',
    file: ZAP,
    find: 'if (textOf(domain) !== ZAP_DOMAIN) return',
    replace: 'if (domain === undefined) return',
  },
  {
    name: 'the self-test does not mind a stranger who was admitted',
    clause: 'E7',
    file: SELF_TEST,
    find: "if (outcome === 'admitted') return",
    replace: "if (outcome === 'admitted') return undefined && outcome +",
  },
  {
    name: 'the self-test does not look whether anybody was asked',
    clause: 'E7',
    file: SELF_TEST,
    find: "test.probes.get(publicKey) === true ? undefined : 'nobody was asked about a random key'",
    replace: 'test.probes.has(publicKey) ? undefined : publicKey',
  },
  {
    name: 'other keys are never tried',
    clause: 'E4',
    file: DIAL_KEYS,
    find: '    this.#turn += 1\n',
    replace: '',
  },
  {
    name: 'a way that was taken is forgotten',
    clause: 'E4',
    file: DIAL_KEYS,
    find: '    this.#refusals = 0\n',
    replace: '    this.#turn = 0\n    this.#refusals = 0\n',
  },
  {
    name: 'a new key is served only after a restart',
    clause: 'E8',
    file: LISTENING,
    find: 'if (keys.serving().publicKey === this.#serving) return',
    replace: 'if (keys.serving().publicKey.length > 0) return',
  },
  {
    name: 'a peer that changes its key counts as gone',
    clause: 'E8',
    file: REDIAL,
    find: 'this.#mayRebind && performance.now()',
    replace: '!this.#mayRebind && performance.now()',
  },
  {
    name: 'a change of keys binds a shortcut that was taken away',
    clause: 'S19',
    file: LISTENING,
    find: '!isTooLate && this.#descriptors?.isScarce !== true',
    replace: '!isTooLate && this.#descriptors !== undefined',
  },
  {
    name: 'a connection that outlives its session seems to be another one',
    clause: 'P1',
    file: 'src/transport/zmq-inbound.ts',
    find: '    this.#left.add(inbound)\n',
    replace: '    this.#remove(inbound)\n',
  },
]
