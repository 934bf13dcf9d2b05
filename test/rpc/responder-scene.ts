/**
 * A responder whose way back has as much room as a test says, with its callers and the calls that were let begin.
 */

import { AnswerTotal } from '../../src/rpc/answer-total.ts'
import { type Call, Inbound, Responder, type ResponderEvent } from '../../src/rpc/responder.ts'
import { Recorder } from '../support/recorder.ts'
import { bodyOf, connection, request } from '../support/samples.ts'

export const FOREVER = Number.POSITIVE_INFINITY

/** A responder with a way that takes as many answers as the test says. */
export class Scene {
  readonly out = new Recorder<ResponderEvent>()
  readonly total = new AnswerTotal()
  readonly callers: Inbound[] = []
  readonly responder = new Responder(() => true, this.out, { total: this.total, callers: () => this.callers })
  readonly caller = this.meet()
  /** How many answers more are taken. */
  room = FOREVER
  /** What is said of an answer that is not taken; the default is that none is. */
  isSmallEnough: (sizeBytes: number) => boolean = () => false
  /** Calls that were let begin and have not ended. */
  readonly begun: Call[] = []

  constructor() {
    this.out.hasRoomFor = (message) => {
      const sizeBytes = message.kind === 'reply' ? message.body.bytes.length : 0
      if (this.room === 0) return this.isSmallEnough(sizeBytes)
      this.room -= 1
      return true
    }
  }

  meet(): Inbound {
    const caller = new Inbound(`caller-${this.callers.length}`, undefined, this.total)
    caller.connection = connection(this.callers.length + 1)
    this.callers.push(caller)
    return caller
  }

  /** Requests come in, and those that may begin do. */
  ask(first: number, last = first, { caller = this.caller, deadlineAt = 1000, now = 0 } = {}): void {
    for (let sequence = first; sequence <= last; sequence += 1)
      this.responder.receive(now, caller, request(sequence, { deadlineAt }))
    this.beginAll(now)
  }

  beginAll(now = 0): void {
    for (let calls = this.out.toldOf('call'); calls.length > 0; calls = this.out.toldOf('call'))
      for (const { call } of calls) if (this.responder.begin(now, call)) this.begun.push(call)
  }

  /** The handlers of the first calls that began end. */
  answer(count: number, sizeBytes: number): void {
    for (const call of this.begun.splice(0, count))
      this.responder.finish(call, { kind: 'done', body: bodyOf(sizeBytes) })
  }

  roomAgain(room: number, now = 0): void {
    this.room = room
    this.responder.roomAgain(now, this.caller)
    this.beginAll(now)
  }

  /** What was answered since the last call, by number; a reject has its reason. */
  answered(): (number | string)[] {
    return this.out.sent().map((message) => {
      if (message.kind === 'reply') return message.sequence
      return message.kind === 'reject' ? `${message.sequence} ${message.reason}` : message.kind
    })
  }
}
