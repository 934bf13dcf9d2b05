/** Planted faults in what joins the machines: broadcasts, the core with its two halves, the mailer, and closing. */

import type { Mutant } from './mutant.ts'

const CASTER = 'src/broadcast/caster.ts'
const CORE = 'src/node/core.ts'
const OUTREACH = 'src/node/outreach.ts'
const RECEPTION = 'src/node/reception.ts'
const MAILER = 'src/node/mailer.ts'
const TRAITS = 'src/node/message-traits.ts'

export const MESH_MUTANTS: readonly Mutant[] = [
  {
    name: 'a broadcast expects who has left',
    clause: 'C1',
    file: CORE,
    find: ".filter((life) => life.state !== 'left')",
    replace: '',
  },
  {
    name: 'a broadcast asks who is dead',
    clause: 'C2',
    file: CASTER,
    find: '      if (peer.isDead) continue\n',
    replace: '',
  },
  {
    name: 'a broadcast waits for who dies meanwhile',
    clause: 'C3',
    file: CORE,
    find: "if (event.kind === 'peer-state' && event.state === 'dead')",
    replace: "if (event.kind === 'peer-busy')",
  },
  {
    name: 'a tally counts a peer twice',
    clause: 'C4',
    file: CASTER,
    find: '    cast.tally.ack({ peer, body, ms: now - cast.startedAt })\n',
    replace:
      '    cast.tally.ack({ peer, body, ms: now - cast.startedAt })\n    cast.tally.acked.push(cast.tally.acked[0])\n',
  },
  {
    name: 'a tally forgets a restart',
    clause: 'C4',
    file: CORE,
    find: '      this.caster.missed(event.now, event.ask.ticket, reason, text)\n',
    replace:
      "      if (event.failure.kind !== 'restarted') this.caster.missed(event.now, event.ask.ticket, reason, text)\n",
  },
  {
    name: 'half is a majority',
    clause: 'C5',
    file: 'src/broadcast/stop-rule.ts',
    find: 'Math.floor(expected / 2) + 1',
    replace: 'Math.ceil(expected / 2)',
  },
  {
    name: 'who is not awaited stands nowhere',
    clause: 'C6',
    file: CASTER,
    find: "    cast.tally.close('not-awaited', 'Enough others had acked')\n",
    replace: '',
  },
  {
    name: 'a timeout counts as not sent in a tally',
    clause: 'C7',
    file: 'src/node/missing.ts',
    find: "return { reason: 'timeout', text: 'It did not answer in time' }",
    replace: "return { reason: 'not-sent', text: 'It did not answer in time' }",
  },
  {
    name: 'a broadcast is asked again after a restart',
    clause: 'C7',
    file: CORE,
    find: "requestKind: 'broadcast',\n      idempotent: false,",
    replace: "requestKind: 'broadcast',\n      idempotent: true,",
  },
  {
    name: 'a death ends all broadcasts',
    clause: 'C8',
    file: CASTER,
    find: '      if (cast.isOver || !cast.tally.isOpen(peer)) continue\n      cast.tally.miss',
    replace:
      "      cast.tally.close('dead', text)\n      if (!cast.tally.isOpen(peer)) {\n        this.#endIfOver(now, cast)\n        continue\n      }\n      cast.tally.miss",
  },
  {
    name: 'a stranger on a link is heard as the peer',
    clause: 'S3',
    file: CORE,
    find: 'if (link.session !== undefined) this.detector.heard(now, link.peer)',
    replace: 'this.detector.heard(now, link.peer)',
  },
  {
    name: 'a beat gets no echo',
    clause: 'L3',
    file: CORE,
    find: 'if (beat.wantsEcho)\n',
    replace: 'if (beat.wantsEcho && beat.number < 0)\n',
  },
  {
    name: 'our own stall is held against the others',
    clause: 'L10',
    file: 'src/liveness/detector.ts',
    find: 'if (lateMs > 0) this.forgive(now, lateMs)',
    replace: '',
  },
  {
    name: 'a link whose end is read before the alarm rings kills its peer for our own stall',
    clause: 'L10',
    file: CORE,
    find: '      this.detector.turned(now, this.deadline)\n      const hearsNothing = this',
    replace: '      const hearsNothing = this',
  },
  {
    name: 'a Hello of a peer does not dial it afresh',
    clause: 'L12',
    file: CORE,
    find: '      this.outreach.redial(event.session.name)\n',
    replace: '',
  },
  {
    name: 'each message before Hello gets an answer',
    clause: 'S13',
    file: RECEPTION,
    find: "      this.#out.send(connection, { kind: 'say-hello' })\n      break\n",
    replace: "      this.#out.send(connection, { kind: 'say-hello' })\n",
  },
  {
    name: 'a link that closes is not told to the callers',
    clause: 'R13',
    file: OUTREACH,
    find: '        this.caller.linkClosed(link.peer)\n',
    replace: '',
  },
  {
    name: 'a link that asks for nothing beats without an echo',
    clause: 'L2',
    file: OUTREACH,
    find: 'if (this.caller.isExpecting(peer) || this.sender.isExpecting(peer)) return true',
    replace: 'if (this.sender.isExpecting(peer)) return true',
  },
  {
    name: 'what waited for a lost connection is dropped',
    clause: 'R17',
    file: MAILER,
    find: '    unsent.push(...(this.#refused.get(connection) ?? []))\n',
    replace: '    unsent.length = 0\n',
  },
  {
    name: 'a small message overtakes what found no room',
    clause: 'O13',
    file: MAILER,
    find: "if (kind === 'send' || isAnswer) queue.isHoldingUp = true",
    replace: 'if (isAnswer) queue.isHoldingUp = true',
  },
  {
    name: 'a message is sent after its time',
    clause: 'R12',
    file: TRAITS,
    find: "message.kind === 'request' || message.kind === 'send' ? message.expiresAt : Number.POSITIVE_INFINITY",
    replace: 'Number.POSITIVE_INFINITY',
  },
  {
    name: 'a cancel overtakes its request',
    clause: 'R20',
    file: TRAITS,
    find: "      case 'cancel':\n",
    replace: '',
  },
  {
    name: 'who closes says no goodbye',
    clause: 'X1',
    file: OUTREACH,
    find: "if (link.state === 'open') this.#out.send(link.connection, { kind: 'goodbye' })",
    replace: '',
  },
  {
    name: 'a node that closes takes new requests',
    clause: 'X2',
    file: 'src/rpc/responder.ts',
    find: "if (this.#isClosing) return reject(sequence, 'closing', 'The node is closing')",
    replace: '',
  },
  {
    name: 'a node that closes takes new one-way messages',
    clause: 'X2',
    file: RECEPTION,
    find: "if (this.#isDraining) return { reason: 'closing', text: 'The node is closing' }",
    replace: '',
  },
  {
    name: 'what is pending stays pending when the node closes',
    clause: 'X4',
    file: CORE,
    find: '    this.outreach.close(now)\n',
    replace: '',
  },
]
