/**
 * A fuzzer that is guided by behaviour: it changes what is in its corpus, and keeps a change that made the codec answer in a way
 * that it has not answered before. All is drawn from a seed, so that a finding can be made again.
 */

import { type Random, seededRandom } from '../../src/base/random.ts'
import { malformedVectors, vectors } from '../wire/vectors.ts'
import { execute, HANG_MS } from './target.ts'

/** The frames of one ZeroMQ message. */
export type Input = readonly Buffer[]

/** More would be few new ideas and much memory. */
const MAX_CORPUS = 4096
const MAX_INPUT_BYTES = 4096
/** Each so many-th execution, and each new behaviour, is also encoded and decoded again. */
const THOROUGH_EVERY = 16
/** Bytes that mean something somewhere: kinds, msgpack's first bytes, ends of ranges. */
const TELLING = Buffer.from(
  '0001027f80818f909fa0bfc0c1c4c6c7cacbcfd3d4d6d7d8d9dbdcdddedfe0ff7a10111415202122',
  'hex',
)

/** What was found, with the bytes that show it. */
export interface Finding {
  readonly text: string
  readonly frames: readonly string[]
}

/** One run of the fuzz, from one seed. */
export class Fuzzer {
  executions = 0
  readonly behaviours = new Set<string>()
  readonly findings: Finding[] = []
  readonly #random: Random
  readonly #corpus: Input[]

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.#corpus = [...vectors, ...malformedVectors].map(({ frames }) =>
      frames.map((frame) => frame.subarray(0, MAX_INPUT_BYTES)),
    )
    for (const input of this.#corpus) this.#try(input)
  }

  get corpusSize(): number {
    return this.#corpus.length
  }

  run(executions: number): void {
    for (let count = 0; count < executions; count += 1) this.#try(this.#next())
  }

  #try(input: Input): void {
    this.executions += 1
    const startedAt = performance.now()
    try {
      const behaviour = execute(input, this.executions % THOROUGH_EVERY === 0)
      if (this.behaviours.has(behaviour)) return
      execute(input, true)
      if (this.behaviours.size < MAX_CORPUS) this.behaviours.add(behaviour)
      if (this.#corpus.length < MAX_CORPUS) this.#corpus.push(input)
    } catch (error) {
      this.#find(error instanceof Error ? (error.stack ?? error.message) : String(error), input)
    }
    // On a busy machine this process may simply not have had its turn: what hangs, hangs again.
    if (performance.now() - startedAt > HANG_MS && cpuMsOf(input) > HANG_MS)
      this.#find(`It takes more than ${HANG_MS} ms`, input)
  }

  #find(text: string, input: Input): void {
    if (this.findings.length < 10)
      this.findings.push({ text, frames: input.map((frame) => frame.toString('hex')) })
  }

  /** A change of something in the corpus: of one frame, mostly of a few bytes. */
  #next(): Input {
    const random = this.#random
    const from = this.#pick(this.#corpus)
    const frames = from.slice()
    if (frames.length === 0 || random.below(64) === 0)
      return [...frames, this.#pick(this.#corpus)[0] ?? Buffer.alloc(1)]
    const at = random.below(frames.length)
    let bytes: Buffer = Buffer.from(frames[at] as Buffer)
    for (let count = 1 + random.below(4); count > 0; count -= 1) bytes = this.#change(bytes)
    frames[at] = bytes
    return frames
  }

  #change(bytes: Buffer): Buffer {
    const random = this.#random
    if (bytes.length === 0) return Buffer.from([random.below(256)])
    const at = random.below(bytes.length)
    switch (random.below(8)) {
      case 0:
        bytes[at] = random.below(256)
        return bytes
      case 1:
        bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
        return bytes
      case 2:
        bytes[at] = TELLING[random.below(TELLING.length)] as number
        return bytes
      case 3:
        bytes[at] = ((bytes[at] as number) + (random.below(2) === 0 ? 1 : 255)) & 255
        return bytes
      case 4:
        return bytes.subarray(0, at)
      case 5: {
        const end = Math.min(bytes.length, at + 1 + random.below(16))
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
      }
      case 6: {
        const end = Math.min(bytes.length, at + 1 + random.below(32))
        const twice = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
        return twice.subarray(0, MAX_INPUT_BYTES)
      }
      default: {
        // The end of another one: a header from here, a body from there.
        const other = this.#pick(this.#corpus)
        const frame = other.length === 0 ? undefined : other[random.below(other.length)]
        const tail = frame === undefined ? Buffer.alloc(0) : frame.subarray(random.below(frame.length + 1))
        return Buffer.concat([bytes.subarray(0, at), tail]).subarray(0, MAX_INPUT_BYTES)
      }
    }
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)] as T
  }
}

/** The processor time of one more execution. */
function cpuMsOf(input: Input): number {
  const before = process.cpuUsage()
  try {
    execute(input, true)
  } catch {
    // What it throws was found before.
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
