/** Planted faults in requests: the caller, the callee and the reply window. */

import type { Mutant } from './mutant.ts'

const CALLER = 'src/rpc/caller.ts'
const RESPONDER = 'src/rpc/responder.ts'
const WINDOW = 'src/rpc/window.ts'

export const RPC_MUTANTS: readonly Mutant[] = [
  {
    name: 'a retry keeps no id',
    clause: 'R1',
    file: CALLER,
    find: "    ask.attempt += 1\n    ask.phase = 'waiting'",
    replace: `    ask.attempt += 1
    if (ask.attempt > 1) {
      ask.callee.books.remove(ask)
      ask.sequence = 0
      ask.callee.books.enter(ask)
    }
    ask.phase = 'waiting'`,
  },
  {
    name: 'the floor is early',
    clause: 'R2',
    file: CALLER,
    find: 'floor: callee.floor,',
    replace: 'floor: ask.sequence,',
  },
  {
    name: 'answers go nowhere after a new connection',
    clause: 'R3',
    file: RESPONDER,
    find: '    caller.connection = connection\n',
    replace: '    caller.connection ??= connection\n',
  },
  {
    name: 'a retry of a running call runs again',
    clause: 'R4',
    file: RESPONDER,
    find: 'if (!window.admit(request.sequence)) {',
    replace: 'if (!window.admit(request.sequence) && window.running(request.sequence) === undefined) {',
  },
  {
    name: 'the reply window admits everything',
    clause: 'R5',
    file: WINDOW,
    find: 'return sequence >= this.#floor && this.#seen.add(sequence)',
    replace: 'this.#seen.add(sequence)\n    return true',
  },
  {
    name: 'a kept answer is not sent again',
    clause: 'R5',
    file: RESPONDER,
    find: '!this.#sendInTurn(caller, answer))\n      window.oweAgain',
    replace: 'caller.connection === undefined)\n      window.oweAgain',
  },
  {
    name: 'what is below the floor may run',
    clause: 'R6',
    file: WINDOW,
    find: 'return sequence >= this.#floor && this.#seen.add(sequence)',
    replace: 'return this.#seen.add(sequence)',
  },
  {
    name: 'replies are kept without a bound',
    clause: 'R6',
    file: WINDOW,
    find: 'while (this.#keptBook.isOver(sizeBytes)) {',
    replace: 'while (sizeBytes < 0) {',
  },
  {
    name: 'the floor lets no reply go',
    clause: 'R6',
    file: WINDOW,
    find: '      if (sequence >= floor) break\n',
    replace: '      if (sequence > 0) break\n',
  },
  {
    name: 'a request that was refused counts as seen',
    clause: 'R7',
    file: RESPONDER,
    find: '      window.withdraw(request.sequence)\n',
    replace: '',
  },
  {
    name: 'an expired request runs',
    clause: 'R7',
    file: RESPONDER,
    find: 'if (request.deadlineAt <= now) return',
    replace: 'if (request.deadlineAt < 0) return',
  },
  {
    name: 'a caller may have any number of calls running',
    clause: 'R7',
    file: RESPONDER,
    find: 'if (runningCount >= MAX_RUNNING_PER_CALLER || !caller.window.hasRoom(bodyBytes)) {',
    replace: 'if (!caller.window.hasRoom(bodyBytes)) {',
  },
  {
    name: 'kept answers are not sent to a caller that is back',
    clause: 'R8',
    file: RESPONDER,
    find: '    caller.window.oweAll()\n',
    replace: '',
  },
  {
    name: 'a cancelled call is answered no more',
    clause: 'R9',
    file: RESPONDER,
    find: '    if (!isOpen(call)) return\n    this.#deadlines',
    replace: '    if (!isOpen(call) || call.aborted) return\n    this.#deadlines',
  },
  {
    name: 'the signal of an expired call stays quiet',
    clause: 'R10',
    file: RESPONDER,
    find: "this.#deadlines.takeDue(now, (call) => this.#abort(call, 'expired'))",
    replace: 'this.#deadlines.takeDue(now, () => {})',
  },
  {
    name: 'the pause before a retry has no jitter',
    clause: 'R11',
    file: 'src/rpc/backoff.ts',
    find: 'return random.below(Math.floor(ceilingMs) + 1)',
    replace: 'return Math.floor(ceilingMs)',
  },
  {
    name: 'an attempt outlives the deadline of its request',
    clause: 'R12',
    file: CALLER,
    find: "ask.phase = 'waiting'\n    this.#deadlines.set(ask, Math.min(now + ask.order.timeoutMs, ask.order.deadlineAt))",
    replace: "ask.phase = 'waiting'\n    this.#deadlines.set(ask, now + ask.order.timeoutMs)",
  },
  {
    name: 'a request that left and got no answer counts as not sent',
    clause: 'R12',
    file: CALLER,
    find: "kind: ask.sentCount > 0 ? 'timeout' : 'not-sent'",
    replace: "kind: 'not-sent'",
  },
  {
    name: 'a request that waits for the link is not sent when it opens',
    clause: 'R13',
    file: CALLER,
    find: "else if (ask.phase !== 'pausing') this.#transmit(now, ask)",
    replace: "else if (ask.phase === 'asked') this.#transmit(now, ask)",
  },
  {
    name: 'retries cost no budget',
    clause: 'R14',
    file: 'src/rpc/budget.ts',
    find: '    this.#tokens -= 1\n',
    replace: '',
  },
  {
    name: 'a lifeless link is kept',
    clause: 'R15',
    file: CALLER,
    find: 'return now - Math.max(callee.heardAt, callee.lifelessAt, startedAt) >= this.#lifelessMs',
    replace: 'return false',
  },
  {
    name: 'a link to a busy peer is thrown away',
    clause: 'R15',
    file: 'src/liveness/detector.ts',
    find: 'return life.isHung || (life.heardAt !== undefined && now - life.heardAt < this.#times.suspectMs)',
    replace: 'return true',
  },
  {
    name: 'a restart of the callee passes unnoticed',
    clause: 'R16',
    file: CALLER,
    find: 'const forgotten = ask.sentCount > 0 && !isSameWindow(ask.sentTo, session)',
    replace: 'const forgotten = false',
  },
  {
    name: 'an idempotent request fails with a restart',
    clause: 'R16',
    file: CALLER,
    find: 'if (forgotten && !mayRunAgain)',
    replace: 'if (forgotten)',
  },
  {
    name: 'a request that did not leave counts as sent',
    clause: 'R17',
    file: CALLER,
    find: '    ask.sentCount -= 1\n',
    replace: '',
  },
  {
    name: 'an answer settles the oldest request',
    clause: 'R18',
    file: CALLER,
    find: 'const ask = callee.books.get(message.sequence)\n    if (ask === undefined) return',
    replace: 'const ask = callee.books.oldest\n    if (ask === undefined) return',
  },
  {
    name: 'a rejected request goes on waiting',
    clause: 'R18',
    file: CALLER,
    find: "else this.#fail(now, ask, { kind: 'rejected', reject: message })",
    replace: '',
  },
  {
    name: 'an answer to nothing passes',
    clause: 'R19',
    file: CALLER,
    find: 'if (ask === undefined) return callee.books.wasGiven(message.sequence)',
    replace: 'if (ask === undefined) return true',
  },
  {
    name: 'an aborted request that left counts as not sent',
    clause: 'R20',
    file: CALLER,
    find: 'const sent = ask.sentCount > 0\n',
    replace: 'const sent = false\n',
  },
  {
    name: 'any number of requests may wait for their answers',
    clause: 'R21',
    file: CALLER,
    find: 'if (!books.hasRoom(ask.sizeBytes)) {',
    replace: 'if (ask.sizeBytes < 0) {',
  },
  {
    name: 'a line serves the first come always',
    clause: 'R7',
    file: 'src/rpc/call-line.ts',
    find: 'const item = isStale ? this.#last : this.#first',
    replace: 'const item = this.#first',
  },
  {
    name: 'a call that waited too long begins',
    clause: 'R7',
    file: RESPONDER,
    find: 'if (call.request.deadlineAt - unreadMs > now) return call',
    replace: 'return call',
  },
  {
    name: 'a call that waits is not refused when its time is over',
    clause: 'R7',
    file: RESPONDER,
    find: '    if (call.lineSince !== undefined) {\n      this.#refuseUnbegun',
    replace: '    if (call.aborted && call.lineSince !== undefined) {\n      this.#refuseUnbegun',
  },
]
