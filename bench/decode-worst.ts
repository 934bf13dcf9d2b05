/**
 * Looks for the msgpack body of 1 MiB that costs most to decode or to refuse: begins with one shape for each kind of value, and
 * climbs by changing what is repeated. Prints the worst by time and by memory, as clauses B55 to B59 let them pass.
 *
 * Times are medians of some runs by the clock, each from a heap that was just collected: our own scan of the bytes, and all of it
 * with msgpackr, of which the garbage collections stand apart. Processor time would be steadier, but it counts the threads that
 * collect and compile beside the one that decodes: give it a quiet machine or a good priority. Memory is what is alive with the
 * value and was not before it.
 *
 * Usage: node --expose-gc dist/bench/decode-worst.js [--steps N] [--seed N]
 */

import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { seededRandom } from '../src/base/random.ts'
import { decodeBody } from '../src/wire/body.ts'
import { scanMsgpack } from '../src/wire/body-scan.ts'
import { median } from './statistics.ts'

const SIZE_BYTES = 1024 * 1024
const RUNS = 9
/** Collections are told some time after they were. */
const TOLD_MS = 5
const MIB = 1024 * 1024

/** One way to fill a body: what stands in each row, and whether its keys or texts are new in each. */
interface Shape {
  readonly name: string
  /** Whether a text fills what is left of the body. */
  readonly isPadded?: boolean
  row(index: number): Buffer
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

function same(name: string, text: string): Shape {
  const bytes = hex(text)
  return { name, row: () => bytes }
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([0xa0 + bytes.length]), bytes])
}

const fresh = (index: number): Buffer => text(`k${index.toString(36)}`)

/** A map with these keys, at most 15, each with a value of one byte. */
const mapOf = (...keys: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([0x80 + keys.length]), ...keys.flatMap((key) => [key, hex('01')])])

const range = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index))

const SHAPES: readonly Shape[] = [
  same('nil', 'c0'),
  same('small integers', '01'),
  same('integers of 64 bits', 'cfffffffffffffffff'),
  same('floats', 'cb3ff123456789abcd'),
  same('empty maps', '80'),
  same('empty arrays', '90'),
  same('arrays of eight', '98 0102030405060708'),
  same('texts of 5', 'a56162636465'),
  same('texts of 20', `b4${'61'.repeat(20)}`),
  same('texts beyond ASCII', 'a3e282ac'),
  same('binaries of 12', `c40c${'00'.repeat(12)}`),
  same('timestamps', 'd6ff00000001'),
  same('rows of id and name', '82 a26964 01 a46e616d65 a178'),
  same(
    'rows of 40 bytes',
    '84 a26964 05 a46e616d65 ab616c6963652078797a2061 a3616765 cd0101 a573636f7265 cb3ff0000000000001',
  ),
  { name: 'maps with a new key each', row: (index) => mapOf(fresh(index)) },
  { name: 'maps with 4 new keys', row: (index) => mapOf(...range(4, (key) => fresh(4 * index + key))) },
  { name: 'maps with 15 new keys', row: (index) => mapOf(...range(15, (key) => fresh(15 * index + key))) },
  {
    name: 'maps with 14 keys and a new one',
    row: (index) => mapOf(...range(14, (key) => text(`f${key}`)), fresh(index)),
  },
  {
    name: 'maps with 2 of 1,000 keys, each pair once',
    row: (index) => mapOf(fresh(index % 1000), fresh(Math.floor(index / 1000) % 1000)),
  },
  same('maps of 32 entries', `de0020 ${range(32, (key) => `a2${(0x6130 + key).toString(16)}01`).join('')}`),
  same('maps with the number 5000000 as a key', '81 ce004c4b40 01'),
  same('maps with the number 1023 as a key', '81 cd03ff 01'),
  same('maps with 400, 1600 and 3322 as keys', '83 cd0190 01 cd0640 01 cd0cfa 01'),
  {
    name: 'maps with every 17th number up to 25,500 as keys',
    row: () =>
      Buffer.concat([
        hex('de05dc'),
        ...range(1500, (key) => Buffer.concat([text(String(key * 17)), hex('01')])),
      ]),
  },
  { name: 'new texts', row: fresh },
  {
    // What costs little raises the bound for the rest; alone, such maps are refused.
    name: 'maps with a new key each, 3 of 4, and floats',
    row: (index) => (index % 4 === 3 ? hex('cb3ff123456789abcd') : mapOf(fresh(index))),
  },
]

/** What is refused alone: as much of it as passes beside a text, which costs no more than its size. */
const PADDED: readonly Shape[] = SHAPES.filter(
  (shape) => scanMsgpack(bodyOf([shape])).fault !== undefined,
).map((shape) => ({
  ...shape,
  name: `${shape.name}, as many as pass beside a text`,
  isPadded: true,
}))
const ALL = [...SHAPES, ...PADDED]

/** As many rows as fit into one array, or as many as pass beside a text, which costs no more than its size. */
function bodyOf(shapes: readonly Shape[]): Buffer {
  const rows: Buffer[] = []
  let sizeBytes = 10
  for (let index = 0; ; index += 1) {
    const row = (shapes[index % shapes.length] as Shape).row(index)
    if (sizeBytes + row.length > SIZE_BYTES) break
    rows.push(row)
    sizeBytes += row.length
  }
  if (!shapes.some((shape) => shape.isPadded)) return arrayOf(rows)
  let [most, tooMany] = [0, rows.length + 1]
  while (tooMany - most > 1) {
    const count = (most + tooMany) >> 1
    if (scanMsgpack(paddedWith(rows.slice(0, count))).fault === undefined) most = count
    else tooMany = count
  }
  return paddedWith(rows.slice(0, most))
}

function paddedWith(rows: readonly Buffer[]): Buffer {
  const head = Buffer.from([0xdb, 0, 0, 0, 0])
  const sizeBytes = SIZE_BYTES - 10 - rows.reduce((sum, row) => sum + row.length, 0)
  head.writeUInt32BE(sizeBytes, 1)
  return arrayOf([...rows, Buffer.concat([head, Buffer.alloc(sizeBytes, 'x')])])
}

function arrayOf(rows: readonly Buffer[]): Buffer {
  const head = Buffer.from([0xdd, 0, 0, 0, 0])
  head.writeUInt32BE(rows.length, 1)
  return Buffer.concat([head, ...rows])
}

interface Cost {
  readonly scanMs: number
  /** All of it: the scan, and what msgpackr takes; in the middle, and at best, to which a busy machine adds less. */
  readonly ms: number
  readonly fastestMs: number
  readonly collectingMs: number
  readonly memoryMiB: number
  readonly isRefused: boolean
}

let collectedMs = 0
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collectedMs += duration
}).observe({ entryTypes: ['gc'] })

async function costOf(bytes: Buffer): Promise<Cost> {
  const [times, scanTimes, collecting]: [number[], number[], number[]] = [[], [], []]
  const isRefused = !decodeBody({ type: 'msgpack', bytes }).ok
  for (let run = 0; run < RUNS; run += 1) {
    globalThis.gc?.()
    await sleep(TOLD_MS)
    collectedMs = 0
    const scannedFrom = performance.now()
    scanMsgpack(bytes)
    const startedAt = performance.now()
    decodeBody({ type: 'msgpack', bytes })
    times.push(performance.now() - startedAt)
    scanTimes.push(startedAt - scannedFrom)
    await sleep(TOLD_MS)
    collecting.push(collectedMs)
  }
  const memoryMiB = Math.max(grownMiB(bytes), grownMiB(bytes), grownMiB(bytes))
  const [ms, scanMs, collectingMs] = [median(times), median(scanTimes), median(collecting)]
  return { ms, fastestMs: Math.min(...times), scanMs, collectingMs, memoryMiB, isRefused }
}

/** What is alive with the value. A function of its own that waits for nothing, so that nothing keeps the value before it. */
function grownMiB(bytes: Buffer): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const before = process.memoryUsage()
  const decoded = decodeBody({ type: 'msgpack', bytes })
  globalThis.gc?.()
  const after = process.memoryUsage()
  const grown = after.heapUsed + after.external - before.heapUsed - before.external
  return decoded.ok && decoded.value !== undefined ? grown / MIB : 0
}

const { values } = parseArgs({ options: { steps: { type: 'string' }, seed: { type: 'string' } } })
const random = seededRandom(Number(values.seed ?? 1))
const tried: { readonly name: string; readonly shapes: readonly Shape[]; readonly cost: Cost }[] = []

async function attempt(shapes: readonly Shape[]): Promise<void> {
  const name = shapes.map((shape) => shape.name).join(' + ')
  if (tried.some((each) => each.name === name)) return
  tried.push({ name, shapes, cost: await costOf(bodyOf(shapes)) })
}

// The first shapes would be scanned and decoded by code that is not compiled yet.
for (const shape of ALL) await costOf(bodyOf([shape]))
for (const shape of ALL) await attempt([shape])
for (let step = 0; step < Number(values.steps ?? 60); step += 1) {
  // From one of the worst so far, by time and by memory in turns: with one more shape, or with another one in the place of one.
  const by = step % 2 === 0 ? 'ms' : 'memoryMiB'
  const worst = [...tried].sort((left, right) => right.cost[by] - left.cost[by]).slice(0, 4)
  const shapes = [...(worst[random.below(worst.length)]?.shapes ?? [])]
  const other = ALL[random.below(ALL.length)] as Shape
  if (shapes.length < 6 && random.below(2) === 0) shapes.push(other)
  else shapes[random.below(shapes.length)] = other
  await attempt(shapes)
}

process.stdout.write(
  '| 1 MiB of | scan, ms | in all, ms | fastest | of it collecting | MiB alive | |\n|---|---:|---:|---:|---:|---:|---|\n',
)
const singles = tried.slice(0, ALL.length)
const climbed = tried.slice(ALL.length).sort((left, right) => right.cost.ms - left.cost.ms)
const largest = [...climbed].sort((left, right) => right.cost.memoryMiB - left.cost.memoryMiB)
for (const { name, cost } of new Set([...singles, ...climbed.slice(0, 4), ...largest.slice(0, 2)])) {
  const collecting = cost.isRefused ? '' : cost.collectingMs.toFixed(1)
  const fate = cost.isRefused ? 'refused' : ''
  const times = [cost.scanMs, cost.ms, cost.fastestMs].map((ms) => ms.toFixed(1))
  const cells = [name, ...times, collecting, cost.memoryMiB.toFixed(1), fate]
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
}
