/**
 * Looks for the msgpack body of 1 MiB that costs most to decode or to refuse: begins with one shape for each kind of value, and
 * climbs by changing what is repeated. Prints the worst by time and by memory, as clauses B55 to B59 let them pass.
 *
 * Times are the best of some runs, in processor time of this process, because other processes only add to them. Memory is what is
 * alive with the value and was not before it.
 *
 * Usage: node --expose-gc dist/bench/decode-worst.js [--steps N] [--seed N]
 */

import { parseArgs } from 'node:util'
import { seededRandom } from '../src/base/random.ts'
import { decodeBody } from '../src/wire/body.ts'

const SIZE_BYTES = 1024 * 1024
const RUNS = 5
const MIB = 1024 * 1024

/** One way to fill a body: what stands in each row, and whether its keys or texts are new in each. */
interface Shape {
  readonly name: string
  row(index: number): Buffer
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

function same(name: string, text: string): Shape {
  const bytes = hex(text)
  return { name, row: () => bytes }
}

const fresh = (index: number): Buffer => {
  const text = Buffer.from(`k${index.toString(36)}`)
  return Buffer.concat([Buffer.from([0xa0 + text.length]), text])
}

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
  { name: 'maps with a new key each', row: (index) => Buffer.concat([hex('81'), fresh(index), hex('01')]) },
  { name: 'new texts', row: fresh },
]

/** As many rows as fit into one array. */
function bodyOf(shapes: readonly Shape[]): Buffer {
  const rows: Buffer[] = []
  let sizeBytes = 5
  for (let index = 0; ; index += 1) {
    const row = (shapes[index % shapes.length] as Shape).row(index)
    if (sizeBytes + row.length > SIZE_BYTES) break
    rows.push(row)
    sizeBytes += row.length
  }
  const head = Buffer.from([0xdd, 0, 0, 0, 0])
  head.writeUInt32BE(rows.length, 1)
  return Buffer.concat([head, ...rows])
}

interface Cost {
  readonly ms: number
  readonly memoryMiB: number
  readonly isRefused: boolean
}

function costOf(bytes: Buffer): Cost {
  let ms = Number.POSITIVE_INFINITY
  let memoryMiB = 0
  let isRefused = false
  for (let run = 0; run < RUNS; run += 1) {
    globalThis.gc?.()
    const before = process.memoryUsage()
    const cpu = process.cpuUsage()
    const decoded = decodeBody({ type: 'msgpack', bytes })
    const { user, system } = process.cpuUsage(cpu)
    globalThis.gc?.()
    const after = process.memoryUsage()
    isRefused = !decoded.ok
    ms = Math.min(ms, (user + system) / 1000)
    const grown = after.heapUsed + after.external - before.heapUsed - before.external
    if (decoded.ok && decoded.value !== undefined) memoryMiB = Math.max(memoryMiB, grown / MIB)
  }
  return { ms, memoryMiB, isRefused }
}

const { values } = parseArgs({ options: { steps: { type: 'string' }, seed: { type: 'string' } } })
const random = seededRandom(Number(values.seed ?? 1))
const tried: { readonly name: string; readonly shapes: readonly Shape[]; readonly cost: Cost }[] = []

function attempt(shapes: readonly Shape[]): void {
  const name = shapes.map((shape) => shape.name).join(' + ')
  if (tried.some((each) => each.name === name)) return
  tried.push({ name, shapes, cost: costOf(bodyOf(shapes)) })
}

for (const shape of SHAPES) attempt([shape])
for (let step = 0; step < Number(values.steps ?? 60); step += 1) {
  // From one of the worst so far: with one more shape, or with another one in the place of one.
  const worst = [...tried].sort((left, right) => right.cost.ms - left.cost.ms).slice(0, 4)
  const shapes = [...(worst[random.below(worst.length)]?.shapes ?? [])]
  const other = SHAPES[random.below(SHAPES.length)] as Shape
  if (shapes.length < 6 && random.below(2) === 0) shapes.push(other)
  else shapes[random.below(shapes.length)] = other
  attempt(shapes)
}

process.stdout.write('| 1 MiB of | ms | MiB alive | |\n|---|---:|---:|---|\n')
const singles = tried.slice(0, SHAPES.length)
const climbed = tried.slice(SHAPES.length).sort((left, right) => right.cost.ms - left.cost.ms)
for (const { name, cost } of [...singles, ...climbed.slice(0, 5)]) {
  const fate = cost.isRefused ? 'refused' : ''
  process.stdout.write(`| ${name} | ${cost.ms.toFixed(1)} | ${cost.memoryMiB.toFixed(1)} | ${fate} |\n`)
}
