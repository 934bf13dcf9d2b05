/** Planted faults in one-way messages: the sender, the receiver, and the set of numbers that the receiver keeps. */

import type { Mutant } from './mutant.ts'

const SENDER = 'src/oneway/sender.ts'
const RECEIVER = 'src/oneway/receiver.ts'
const SET = 'src/base/sequence-set.ts'

export const ONEWAY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a message that left is sent again on a new connection',
    clause: 'O2',
    file: SENDER,
    find: "      if (parcel.phase === 'returned') this.#transmit(parcel)\n      else",
    replace: '      if (parcel.sequence > 0) this.#transmit(parcel)\n      else',
  },
  {
    name: 'a message that came back unsent is forgotten',
    clause: 'O2',
    file: SENDER,
    find: "      if (parcel.phase === 'returned') this.#transmit(parcel)\n      else",
    replace: "      if (parcel.phase === 'returned') continue\n      else",
  },
  {
    name: 'a receiver takes a number twice',
    clause: 'O3',
    file: RECEIVER,
    find: '    return this.#seen.add(sequence)\n',
    replace: '    this.#seen.add(sequence)\n    return true\n',
  },
  {
    name: 'a late number is never taken',
    clause: 'O3',
    file: SET,
    find: 'if (sequence <= this.#high) return this.#holes.delete(sequence)',
    replace: 'if (sequence <= this.#high) return false',
  },
  {
    name: 'a receipt names holes',
    clause: 'O4',
    file: SET,
    find: '        if (hole <= this.#vague) break\n',
    replace: '        if (hole > 0) break\n',
  },
  {
    name: 'a message that comes again causes no receipt',
    clause: 'O4',
    file: RECEIVER,
    find: '    this.#owesReceipt = true\n    return this.#seen.add(sequence)\n',
    replace: '    this.#owesReceipt = !this.#seen.has(sequence)\n    return this.#seen.add(sequence)\n',
  },
  {
    name: 'a receipt names what was refused',
    clause: 'O5',
    file: 'src/node/reception.ts',
    find: '    arrivals.refuse(sequence)\n',
    replace: '',
  },
  {
    name: 'a sender that is back gets no receipt',
    clause: 'O6',
    file: RECEIVER,
    find: 'this.#owesReceipt = this.#seen.high > 0',
    replace: 'this.#owesReceipt = false',
  },
  {
    name: 'a receipt settles all that is older',
    clause: 'O7',
    file: SENDER,
    find: "if (parcel.sequence >= range.first && parcel.phase === 'sent') {",
    replace: "if (parcel.phase === 'sent') {",
  },
  {
    name: 'a message that left without a receipt counts as not sent',
    clause: 'O7',
    file: SENDER,
    find: "kind: parcel.phase === 'sent' ? 'unknown' : 'not-sent'",
    replace: "kind: 'not-sent'",
  },
  {
    name: 'a restart of the receiver passes unnoticed',
    clause: 'O8',
    file: SENDER,
    find: "else if (!isSameWindow(parcel.sentTo, session)) this.#fail(now, parcel, { kind: 'restarted' })",
    replace: '',
  },
  {
    name: 'a receipt settles what has not left',
    clause: 'O9',
    file: SENDER,
    find: "if (parcel.sequence >= range.first && parcel.phase === 'sent') {",
    replace: 'if (parcel.sequence >= range.first) {',
  },
  {
    name: 'a receipt names holes that were closed for want of room',
    clause: 'O10',
    file: SET,
    find: '      this.#vague = Math.max(this.#vague, oldest)\n',
    replace: '',
  },
  {
    name: 'a small message overtakes the line',
    clause: 'O11',
    file: SENDER,
    find: 'if (line.size === 0 && receiver.hasRoom(parcel.sizeBytes)) {',
    replace: 'if (receiver.hasRoom(parcel.sizeBytes)) {',
  },
  {
    name: 'the line has no end',
    clause: 'O12',
    file: SENDER,
    find: '} else if (line.hasRoom(parcel.sizeBytes)) {',
    replace: '} else if (line.size >= 0) {',
  },
  {
    name: 'a full queue holds nobody up',
    clause: 'O13',
    file: SENDER,
    find: '        receiver.isHeldUp = true\n',
    replace: '',
  },
  {
    name: 'an aborted message that left counts as not sent',
    clause: 'O14',
    file: SENDER,
    find: "this.#fail(now, parcel, { kind: 'aborted', sent: parcel.phase === 'sent' })",
    replace: "this.#fail(now, parcel, { kind: 'aborted', sent: false })",
  },
  {
    name: 'a settled message goes on counting in the total of its peer',
    clause: 'O15',
    file: 'src/oneway/sender.ts',
    find: '    receiver.total?.remove(parcel.sizeBytes)\n',
    replace: '',
  },
]
