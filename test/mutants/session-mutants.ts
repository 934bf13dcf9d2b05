/** Planted faults in the greeting, on links and on sessions, and in what is remembered of callers. */

import type { Mutant } from './mutant.ts'

const LINKS = 'src/session/links.ts'
const SESSIONS = 'src/session/sessions.ts'
const CALLERS = 'src/session/callers.ts'
const IDENTITY = 'src/session/identity.ts'

export const SESSION_MUTANTS: readonly Mutant[] = [
  {
    name: 'a Hello is said only once',
    clause: 'S2',
    file: LINKS,
    find: '    link.hellos = hellos\n    this.#deadlines.set(link, now + HELLO_AGAIN_MS)\n',
    replace: '    link.hellos = hellos\n    this.#deadlines.remove(link)\n',
  },
  {
    name: 'a mute link says Hello forever',
    clause: 'S2',
    file: LINKS,
    find: 'if (link.hellos < HELLO_LIMIT) this.#greet',
    replace: 'if (link.hellos > 0) this.#greet',
  },
  {
    name: 'a Welcome of another name opens the link',
    clause: 'S3',
    file: LINKS,
    find: "if (link.state === 'down' || link.state === 'moving' || message.name !== link.peer) return",
    replace: "if (link.state === 'down' || link.state === 'moving') return",
  },
  {
    name: 'a Welcome of another run on an open link changes nothing',
    clause: 'S4',
    file: LINKS,
    find: 'if (isSameWindow(session, message)) return',
    replace: 'if (session.window > 0) return',
  },
  {
    name: 'a refused link never asks again',
    clause: 'S5',
    file: LINKS,
    find: '    this.#deadlines.set(link, now + pauseMs)\n',
    replace: '    this.#deadlines.remove(link)\n',
  },
  {
    name: 'a refused link asks again without patience',
    clause: 'S5',
    file: LINKS,
    find: '    link.refusals += 1\n',
    replace: '',
  },
  {
    name: 'say hello is ignored',
    clause: 'S6',
    file: LINKS,
    find: "if (link.state !== 'open') return",
    replace: 'if (link.hellos >= 0) return',
  },
  {
    name: 'a link that goes down stays open',
    clause: 'S7',
    file: LINKS,
    find: '    this.#leave(now, link, cause)\n    link.state =',
    replace: '    link.state =',
  },
  {
    name: 'a Hello of another network is taken',
    clause: 'S8',
    file: IDENTITY,
    find: 'if (hello.network !== self.network) {',
    replace: "if (hello.network === '') {",
  },
  {
    name: 'a Hello that means somebody else is taken',
    clause: 'S8',
    file: IDENTITY,
    find: "if (hello.expects !== '' && hello.expects !== self.name) {",
    replace: "if (hello.expects === '/') {",
  },
  {
    name: 'the same Hello again counts as a second session',
    clause: 'S9',
    file: 'src/node/reception.ts',
    find: 'const caller = known?.caller ?? this.#callers.enter(hello)',
    replace: 'const caller = this.#callers.enter(hello)',
  },
  {
    name: 'another run may say Hello on a session',
    clause: 'S9',
    file: SESSIONS,
    find: 'if (isSameRun(present.hello, hello)) return undefined',
    replace: 'if (present.role === hello.role) return undefined',
  },
  {
    name: 'a run that is back must wait for its own silence',
    clause: 'S10',
    file: SESSIONS,
    find: 'else if (isSameRun(incumbent.hello, hello)) this.#replace(now, incumbent, newcomer)\n',
    replace: '',
  },
  {
    name: 'a newcomer takes a name without asking its owner',
    clause: 'S11',
    file: SESSIONS,
    find: 'else this.#claim(now, incumbent, newcomer)',
    replace: 'else this.#replace(now, incumbent, newcomer)',
  },
  {
    name: 'a claim never ends',
    clause: 'S11',
    file: SESSIONS,
    find: '    this.#claimDeadlines.set(claim, now + CLAIM_MS)\n',
    replace: '',
  },
  {
    name: 'a stalled loop costs a name',
    clause: 'S11',
    file: SESSIONS,
    find: 'if (this.#settings.isLinked(incumbent.hello)) {',
    replace: 'if (false) {',
  },
  {
    name: 'a sign of life does not defend a name',
    clause: 'S11',
    file: SESSIONS,
    find: 'if (this.#claims.size > 0) this.#defend(session)',
    replace: '',
  },
  {
    name: 'a silent session never ends',
    clause: 'S14',
    file: SESSIONS,
    find: 'if (quietUntil > now) this.#idle.set(session, quietUntil)',
    replace: 'if (quietUntil > 0) this.#idle.set(session, now + SESSION_IDLE_MS)',
  },
  {
    name: 'dedupe ignores the incarnation',
    clause: 'S15',
    file: CALLERS,
    find: `\${hello.role}/\${hello.name}/\${hello.incarnation}`,
    replace: `\${hello.role}/\${hello.name}`,
  },
  {
    name: 'the memory of a caller ends with its session',
    clause: 'S15',
    file: CALLERS,
    find: 'if (caller.sessions === 0) this.#absent.set(caller.key, caller)',
    replace: 'if (caller.sessions === 0) this.#memories.delete(caller.key)',
  },
  {
    name: 'a window number is used twice',
    clause: 'S15',
    file: CALLERS,
    find: '      this.#nextWindow += 1\n',
    replace: '',
  },
  {
    name: 'windows of two runs count as the same',
    clause: 'R16',
    file: 'src/base/ids.ts',
    find: 'return left?.incarnation === right?.incarnation && left?.window === right?.window',
    replace: 'return left?.window === right?.window',
  },
  {
    name: 'a memory without a session lives forever',
    clause: 'S15',
    file: CALLERS,
    find: 'if (now - caller.leftAt < CALLER_KEPT_MS && this.#memories.size <= MAX_CALLERS) break',
    replace: 'if (this.#memories.size <= MAX_CALLERS) break',
  },
]
