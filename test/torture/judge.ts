/**
 * The judge of a torture. It stands outside of callers and callees, and knows what the processes wrote down and when each
 * was started and killed; nothing of zmqnet but the words for an outcome.
 */

import type { Asked, Line, Ran, Settled, Wired } from './record.ts'

/** How late a request may settle after its deadline, in milliseconds. */
export const GRACE_MS = 50
/** The window in which the requests on the wire are counted during an outage, in milliseconds. */
export const WINDOW_MS = 10_000
/** Requests on the wire for each that was offered, at most, while nobody answers. */
export const MAX_WIRE_RATIO = 1.1
/** The share of the requests to a live callee that succeed, at least. */
export const MIN_LIVE_SHARE = 0.9999

/** One run of one process: a callee or a caller. */
export interface Run {
  readonly name: string
  readonly upAtMs: number
  /** When it was killed; Infinity for a run that ended in order. */
  readonly killedAtMs: number
}

/** A time in which no byte passed between callers and callees. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** A time in which no byte passed between one caller and one callee, and no end of a connection either. */
export interface Stall extends Span {
  readonly caller: string
  readonly callee: string
}

/** What happened to the ways between callers and callees. */
export interface Ways {
  readonly outages: readonly Span[]
  readonly stalls: readonly Stall[]
}

/** Figures of a torture, as they go into the summary and its JSON. */
export interface Figures {
  readonly requests: number
  readonly executions: number
  readonly outcomes: Readonly<Record<string, number>>
  /**
   * Requests whose callee and caller lived until they settled, and those of them that failed. Left out are hasty ones, those
   * in outages, and those that a stalled way led to a dead run: see `misled`.
   */
  readonly live: number
  readonly liveFailed: number
  /** The first of those that failed, in words. */
  readonly liveFailures: readonly string[]
  /**
   * Requests that were sent on the connection to a run that had been killed, when its next run was up already: the way was
   * stalled from the kill on, and had not told the caller that the connection had ended. What it is told then is the truth.
   */
  readonly misled: number
  /** The longest that a request settled after its deadline while the loop of its caller ran. */
  readonly latestMs: number
  /** Requests that settled later than allowed, because the loop of their caller stood still. */
  readonly excused: number
  /** Requests on the wire for each that was offered in the worst window of an outage; undefined without one. */
  readonly worstWireRatio: number | undefined
  readonly retries: number
  readonly lostReplies: number
  readonly lateReplies: number
}

/** What a judge says. */
export interface Judgement {
  readonly figures: Figures
  /** A sentence for each violation, the first of them. */
  readonly faults: readonly string[]
  readonly faultCount: number
}

const MAX_FAULTS = 50
const MAX_LIVE_FAILURES = 100

/** What is known of one request. */
interface Case {
  readonly asked: Asked
  /** The run of its caller. */
  readonly by: Run
  settled?: Settled
  settledCount: number
  readonly runs: Ran[]
}

/** Takes the lines of all runs, and judges. */
export class Judge {
  readonly #cases = new Map<string, Case>()
  readonly #ran: Ran[] = []
  readonly #stalls = new Map<Run, Span[]>()
  readonly #wired: Wired[] = []
  readonly #counters = new Map<string, number>()
  readonly #faults: string[] = []
  readonly #outcomes: Record<string, number> = {}
  #faultCount = 0
  #live = 0
  #liveFailed = 0
  readonly #liveFailures: string[] = []
  #misled = 0
  #latestMs = 0
  #excused = 0
  #retries = 0
  #lostReplies = 0
  #lateReplies = 0

  /** One line that `run` wrote. Lines of one run come in their order, those of callers before those of callees. */
  read(run: Run, line: Line): void {
    switch (line.kind) {
      case 'asked':
        this.#cases.set(line.id, { asked: line, by: run, settledCount: 0, runs: [] })
        return
      case 'settled':
        this.#settled(line)
        return
      case 'ran':
        this.#ran.push(line)
        return
      case 'stalled':
        this.#stalled(run, line)
        return
      case 'wired':
        this.#wired.push(line)
        return
      case 'ended':
        this.#retries += line.retries
        this.#lostReplies += line.lostReplies
        this.#lateReplies += line.lateReplies
        return
      default:
    }
  }

  /** The verdict over everything that was read. `callees` are all runs of all callees. */
  judge(callees: readonly Run[], ways: Ways): Judgement {
    for (const ran of this.#ran) this.#execution(ran)
    for (const one of this.#cases.values()) {
      this.#settling(one)
      this.#runningOnce(one)
      this.#honesty(one)
      this.#success(one, callees, ways)
    }
    const share = this.#live === 0 ? 1 : 1 - this.#liveFailed / this.#live
    if (share < MIN_LIVE_SHARE) this.#fault(`only ${share * 100} % of the requests to live callees succeeded`)
    const worstWireRatio = worstRatio(this.#wired, ways.outages)
    if (worstWireRatio !== undefined && worstWireRatio > MAX_WIRE_RATIO)
      this.#fault(`in an outage ${worstWireRatio} requests left for each that was made`)
    return {
      figures: {
        requests: this.#cases.size,
        executions: this.#ran.length,
        outcomes: this.#outcomes,
        live: this.#live,
        liveFailed: this.#liveFailed,
        liveFailures: this.#liveFailures,
        misled: this.#misled,
        latestMs: this.#latestMs,
        excused: this.#excused,
        worstWireRatio,
        retries: this.#retries,
        lostReplies: this.#lostReplies,
        lateReplies: this.#lateReplies,
      },
      faults: this.#faults,
      faultCount: this.#faultCount,
    }
  }

  #settled(line: Settled): void {
    const one = this.#cases.get(line.id)
    if (one === undefined) {
      this.#fault(`${line.id} settled but was never asked`)
      return
    }
    one.settled ??= line
    one.settledCount += 1
    const name = line.outcome === 'reply' ? 'reply' : `${line.outcome} (${line.code})`
    this.#outcomes[name] = (this.#outcomes[name] ?? 0) + 1
  }

  /** A counter that was skipped, or given twice, shows an execution that was not written down, or two in one. */
  #execution(ran: Ran): void {
    const { id, callee, incarnation, count } = ran
    const one = this.#cases.get(id)
    if (one === undefined) this.#fault(`${callee} ran ${id}, which nobody asked for`)
    else {
      one.runs.push(ran)
      if (one.asked.callee !== callee) this.#fault(`${id} was for ${one.asked.callee}, and ${callee} ran it`)
    }
    const key = `${callee} ${incarnation}`
    const expected = (this.#counters.get(key) ?? 0) + 1
    this.#counters.set(key, count)
    if (count !== expected)
      this.#fault(`run ${incarnation} of ${callee} counted ${count} after ${expected - 1}`)
  }

  #settling({ asked, by, settled, settledCount }: Case): void {
    const dueMs = (settled?.startedAtMs ?? asked.atMs) + asked.deadlineMs + GRACE_MS
    if (settledCount > 1) this.#fault(`${asked.id} settled ${settledCount} times`)
    if (settled === undefined) {
      // What settles in the turn in which its process is killed is not written down any more.
      if (by.killedAtMs > dueMs + GRACE_MS) this.#fault(`${asked.id} did not settle`)
      return
    }
    const lateMs = settled.atMs - (dueMs - GRACE_MS)
    if (lateMs <= GRACE_MS) this.#latestMs = Math.max(this.#latestMs, lateMs)
    else if (this.#stoodStill(by, dueMs - GRACE_MS, settled.atMs)) this.#excused += 1
    else this.#fault(`${asked.id} settled ${Math.round(lateMs)} ms after its deadline`)
  }

  /** Whether the loop stood still from the deadline on, or from soon after it, until little before it settled. */
  #stoodStill(run: Run, deadlineAtMs: number, settledAtMs: number): boolean {
    return (this.#stalls.get(run) ?? []).some(
      ({ fromMs, untilMs }) => fromMs <= deadlineAtMs + GRACE_MS && untilMs + GRACE_MS >= settledAtMs,
    )
  }

  #runningOnce({ asked, runs }: Case): void {
    if (runs.length < 2) return
    const incarnations = new Set(runs.map(({ incarnation }) => incarnation))
    if (incarnations.size < runs.length) this.#fault(`${asked.id} ran twice in one run of ${asked.callee}`)
    else if (!asked.idempotent) this.#fault(`${asked.id} ran again after a restart of ${asked.callee}`)
  }

  /** What a caller is told is what happened. */
  #honesty({ asked, settled, runs }: Case): void {
    if (settled === undefined) return
    const { outcome, code, safeToRetry = false } = settled
    if (outcome === 'reply') {
      const isTrue = runs.some(
        ({ incarnation, count }) => incarnation === settled.incarnation && count === settled.count,
      )
      if (!isTrue) this.#fault(`${asked.id} got the reply ${settled.count} of a run that it did not have`)
      return
    }
    if (runs.length > 0 && (outcome !== 'unknown' || (safeToRetry && !asked.idempotent)))
      this.#fault(
        `${asked.id} ran and ended as ${outcome} (${code}), ${safeToRetry ? '' : 'not '}safe to retry`,
      )
    if (runs.length === 0 && outcome === 'handled')
      this.#fault(`${asked.id} was told "handled" and never ran`)
  }

  /** A request whose callee was there from its start to its end gets its reply, unless its caller or the way was gone, or it had no time. */
  #success(one: Case, callees: readonly Run[], { outages, stalls }: Ways): void {
    const { asked, by, settled, runs } = one
    const endMs = settled?.atMs ?? asked.atMs + asked.deadlineMs
    if (asked.hasty || settled === undefined || by.killedAtMs < endMs) return
    const there = callees.find(
      ({ name, upAtMs, killedAtMs }) => name === asked.callee && upAtMs <= asked.atMs && killedAtMs > endMs,
    )
    const wasCut = outages.some(({ fromMs, untilMs }) => fromMs <= endMs && untilMs >= asked.atMs)
    if (there === undefined || wasCut) return
    if (wasMisled(one, callees, stalls)) {
      this.#misled += 1
      return
    }
    this.#live += 1
    if (settled.outcome === 'reply') return
    this.#liveFailed += 1
    if (this.#liveFailures.length >= MAX_LIVE_FAILURES) return
    const ms = (value: number): string => `${Math.round(value)} ms`
    const callee = `${asked.callee}, ${ms(asked.atMs - there.upAtMs)} after its start`
    const caller = `${ms(asked.atMs - by.upAtMs)} after that of its caller`
    const end = `${settled.outcome} (${settled.code}) ${ms(settled.atMs - asked.atMs)} later, run ${runs.length} times`
    this.#liveFailures.push(`${asked.id} was asked of ${callee} and ${caller}; ${end}`)
  }

  /** A loop that stands still again before it could catch up has not run in between. */
  #stalled(run: Run, { fromMs, untilMs }: Span): void {
    const stalls = this.#stalls.get(run) ?? []
    const last = stalls.at(-1)
    if (last !== undefined && fromMs - last.untilMs < GRACE_MS)
      stalls[stalls.length - 1] = { fromMs: last.fromMs, untilMs }
    else stalls.push({ fromMs, untilMs })
    this.#stalls.set(run, stalls)
  }

  #fault(text: string): void {
    this.#faultCount += 1
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(text)
  }
}

/** Whether a request went to the run before, whose end a stalled way had hidden from its caller from the kill on. */
function wasMisled(
  { asked, by, settled, runs }: Case,
  callees: readonly Run[],
  stalls: readonly Stall[],
): boolean {
  if (settled?.code !== 'PEER_RESTARTED' || runs.length > 0) return false
  const killedAtMs = Math.max(
    ...callees
      .filter(({ name, killedAtMs }) => name === asked.callee && killedAtMs <= asked.atMs)
      .map((run) => run.killedAtMs),
  )
  return stalls.some(
    ({ caller, callee, fromMs, untilMs }) =>
      caller === by.name &&
      callee === asked.callee &&
      fromMs <= killedAtMs + GRACE_MS &&
      untilMs + GRACE_MS >= asked.atMs,
  )
}

/** The most requests on the wire for each that was made, over all windows that lie in an outage. */
function worstRatio(wired: readonly Wired[], outages: readonly Span[]): number | undefined {
  const ratios: number[] = []
  for (const { fromMs, untilMs } of outages) {
    const lines = wired
      .filter(({ atMs }) => atMs > fromMs && atMs <= untilMs)
      .toSorted((a, b) => a.atMs - b.atMs)
    for (const { atMs: startMs } of lines) {
      const endMs = Math.min(startMs + WINDOW_MS, untilMs)
      if (endMs - startMs < Math.min(WINDOW_MS, (untilMs - fromMs) * 0.8)) break
      const window = lines.filter(({ atMs }) => atMs > startMs && atMs <= endMs)
      const offered = window.reduce((sum, line) => sum + line.offered, 0)
      const sent = window.reduce((sum, line) => sum + line.sent, 0)
      if (offered > 0) ratios.push(sent / offered)
    }
  }
  return ratios.length === 0 ? undefined : Math.max(...ratios)
}
