/** Planted faults in liveness: heart, detector, suspicion and our own health. */

import type { Mutant } from './mutant.ts'

const DETECTOR = 'src/liveness/detector.ts'
const HEART = 'src/liveness/heart.ts'
const SUSPICION = 'src/liveness/suspicion.ts'
const OWN_HEALTH = 'src/liveness/own-health.ts'

export const LIVENESS_MUTANTS: readonly Mutant[] = [
  {
    name: 'beats come too seldom',
    clause: 'L1',
    file: HEART,
    find: 'this.#beatAt = now + this.#tickMs + this.#random.below(this.#tickMs + 1)',
    replace: 'this.#beatAt = now + 10 * this.#tickMs',
  },
  {
    name: 'all nodes beat as one',
    clause: 'L1',
    file: HEART,
    find: 'this.#beatAt = now + this.#tickMs + this.#random.below(this.#tickMs + 1)',
    replace: 'this.#beatAt = now + this.#tickMs',
  },
  {
    name: 'a beat wants an echo only now and then',
    clause: 'L2',
    file: HEART,
    find: 'rhythm.number % ECHO_EVERY === 0 || rhythm.owner.wantsEcho(this.#beatAt)',
    replace: 'rhythm.number % ECHO_EVERY === 0',
  },
  {
    name: 'busy is dead',
    clause: 'L4',
    file: SUSPICION,
    find: "return evidence.quietMs < times.hungMs ? 'busy' : 'hung'",
    replace: "return 'dead'",
  },
  {
    name: 'silence kills nobody',
    clause: 'L4',
    file: SUSPICION,
    find: 'if (evidence.isRefused || evidence.quietMs >= times.deadMs) return',
    replace: 'if (evidence.isRefused) return',
  },
  {
    name: 'who is cut off is given the longer time',
    clause: 'L15',
    file: SUSPICION,
    find: "  if (evidence.isCutOff) return 'dead'\n",
    replace: '',
  },
  {
    name: 'one silence is as good as two',
    clause: 'L15',
    file: DETECTOR,
    find: "if (cause === 'silent' && isQuiet && !isBreak && !life.wasHeardSince) life.isCutOff = true",
    replace: "if (cause === 'silent' && isQuiet && !life.wasHeardSince) life.isCutOff = true",
  },
  {
    name: 'who cannot be dialled is not asked',
    clause: 'L16',
    file: 'src/node/core.ts',
    find: "    if (cause !== 'reset') this.reception.sessions.question(link.peer)\n",
    replace: '',
  },
  {
    name: 'a stall that is over makes busy once more',
    clause: 'L5',
    file: DETECTOR,
    find: 'loopDelayMs >= BUSY_LOOP_MS && !isOver',
    replace: 'loopDelayMs >= BUSY_LOOP_MS',
  },
  {
    name: 'nobody ever hangs',
    clause: 'L14',
    file: DETECTOR,
    find: "if (verdict === 'hung' && !life.isHung) {",
    replace: 'if (false) {',
  },
  {
    name: 'what a peer says of its loop counts for nothing',
    clause: 'L5',
    file: DETECTOR,
    find: 'loopDelayMs >= BUSY_LOOP_MS && !isOver',
    replace: 'false',
  },
  {
    name: 'forgiven silence revives the dead',
    clause: 'L6',
    file: DETECTOR,
    find: "return life.heardAt === now || (life.state === 'suspect' && life.linkIsUp)",
    replace: 'return true',
  },
  {
    name: 'a refused dial kills who was heard since',
    clause: 'L7',
    file: DETECTOR,
    find: "if (cause === 'refused' && isQuiet) life.isRefused = true",
    replace: "if (cause === 'refused') life.isRefused = true",
  },
  {
    name: 'a refused dial counts for nothing',
    clause: 'L7',
    file: DETECTOR,
    find: "if (cause === 'refused' && isQuiet) life.isRefused = true",
    replace: '',
  },
  {
    name: 'a restart is not reported',
    clause: 'L8',
    file: DETECTOR,
    find: 'const isRestart = life.incarnation !== undefined && life.incarnation !== incarnation',
    replace: 'const isRestart = false',
  },
  {
    name: 'an old Hello takes a goodbye back',
    clause: 'L9',
    file: DETECTOR,
    find: "    if (life.state === 'left' && life.incarnation === incarnation) return\n",
    replace: '',
  },
  {
    name: 'who left never comes back',
    clause: 'L9',
    file: DETECTOR,
    find: "    if (life.state === 'left') life.state = 'suspect'\n",
    replace: '',
  },
  {
    name: 'every wake counts as our own stall',
    clause: 'L10',
    file: OWN_HEALTH,
    find: 'return lateMs >= STALL_MS ? lateMs : 0',
    replace: 'return STALL_MS * 5',
  },
  {
    name: 'a loop delay never fades',
    clause: 'L11',
    file: OWN_HEALTH,
    find: 'const faded = 1 - (now - this.#measuredAt) / MEMORY_MS',
    replace: 'const faded = 1',
  },
  {
    name: 'who restarts while it is silent is watched no more',
    clause: 'L8',
    file: 'src/liveness/detector.ts',
    find: 'if (isRestart) this.#review(now, life)',
    replace: '',
  },
  {
    name: 'a slow peer is told again at each look',
    clause: 'L19',
    file: 'src/liveness/slow-peers.ts',
    find: '      if (this.#slow.has(peer)) continue\n',
    replace: '',
  },
]
