/**
 * The load of the bench: a fixed number of operations in flight against one node, for a fixed time, with the latencies
 * in a histogram (HDR, three digits, as perf_hooks has it). Closed loop: an operation starts when another one ends, so a
 * slow node is asked less often, and the percentiles say what a caller of this many at a time sees, no more.
 */

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { codeAndMessageOf } from './faults.ts'
import type { Io } from './io.ts'

/** One operation; it may end with a code of its own instead of an error, when it did not do what it should. */
export type Operation = () => Promise<string | undefined>

/** Latencies in milliseconds; all are 0 while nothing succeeded. */
export interface Latencies {
  readonly meanMs: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

/** What a load brought, so far or in the end. */
export interface LoadResult {
  /** Operations that succeeded. */
  readonly count: number
  /** Operations that failed, by code. */
  readonly errors: Readonly<Record<string, number>>
  readonly elapsedMs: number
  readonly perSecond: number
  readonly latency: Latencies
}

/** How to load. */
export interface LoadSettings {
  readonly concurrency: number
  readonly durationMs: number
  /** Time before it counts, so that code and links are warm. */
  readonly warmUpMs: number
}

/** A failed operation waits this long, for one that fails at once would otherwise keep the process spinning. */
const PAUSE_AFTER_ERROR_MS = 50

/** The histogram counts in microseconds, up to a minute. */
const HIGHEST_US = 60_000_000

/** Runs operations and counts them. One for each mode. */
export class Load {
  readonly #io: Io
  readonly #operation: Operation
  readonly #settings: LoadSettings
  #histogram: RecordableHistogram = Load.#createHistogram()
  #errors = new Map<string, number>()
  #beginMs = 0
  #endMs: number | undefined

  constructor(io: Io, operation: Operation, settings: LoadSettings) {
    this.#io = io
    this.#operation = operation
    this.#settings = settings
  }

  static #createHistogram(): RecordableHistogram {
    return createHistogram({ lowest: 1, highest: HIGHEST_US, figures: 3 })
  }

  /** Runs to the end of the time or to an interrupt; what is in flight then is awaited and counted. */
  async run(): Promise<LoadResult> {
    const { concurrency, durationMs, warmUpMs } = this.#settings
    if (warmUpMs > 0) {
      await this.#runUntil(this.#io.nowMs() + warmUpMs, concurrency)
      this.#histogram = Load.#createHistogram()
      this.#errors = new Map()
    }
    this.#beginMs = this.#io.nowMs()
    await this.#runUntil(this.#beginMs + durationMs, concurrency)
    this.#endMs = this.#io.nowMs()
    return this.result()
  }

  /** How it stands. */
  result(): LoadResult {
    const count = this.#histogram.count
    const elapsedMs = this.#beginMs === 0 ? 0 : (this.#endMs ?? this.#io.nowMs()) - this.#beginMs
    return {
      count,
      errors: Object.fromEntries(this.#errors),
      elapsedMs,
      perSecond: elapsedMs === 0 ? 0 : (count / elapsedMs) * 1000,
      latency: this.#latencies(),
    }
  }

  async #runUntil(deadlineMs: number, concurrency: number): Promise<void> {
    await Promise.all(Array.from({ length: concurrency }, () => this.#work(deadlineMs)))
  }

  async #work(deadlineMs: number): Promise<void> {
    const { interrupt } = this.#io
    for (let nowMs = this.#io.nowMs(); nowMs < deadlineMs && !interrupt.aborted; ) {
      const failure = await this.#attempt()
      const afterMs = this.#io.nowMs()
      if (failure === undefined) {
        this.#histogram.record(Math.min(HIGHEST_US, Math.max(1, Math.round((afterMs - nowMs) * 1000))))
      } else {
        this.#errors.set(failure, (this.#errors.get(failure) ?? 0) + 1)
        await this.#io.sleep(PAUSE_AFTER_ERROR_MS, interrupt)
      }
      nowMs = failure === undefined ? afterMs : this.#io.nowMs()
    }
  }

  async #attempt(): Promise<string | undefined> {
    try {
      return await this.#operation()
    } catch (error) {
      return codeAndMessageOf(error).code
    }
  }

  #latencies(): Latencies {
    const histogram = this.#histogram
    if (histogram.count === 0) return { meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 }
    const at = (percentile: number) => histogram.percentile(percentile) / 1000
    return {
      meanMs: Math.round(histogram.mean) / 1000,
      p50Ms: at(50),
      p90Ms: at(90),
      p99Ms: at(99),
      p999Ms: at(99.9),
      // The histogram rounds up to three digits; a percentile of 100 is rounded like the others, max is not.
      maxMs: at(100),
    }
  }
}
