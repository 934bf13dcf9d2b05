/** The command that a failed scenario names, in a process of its own. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { runScenario } from '../../src/sim/scenarios.ts'

const PATH = fileURLToPath(new URL('../../src/sim/replay.js', import.meta.url))

function replay(...args: string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PATH, ...args], { maxBuffer: 64 * 2 ** 20 }, (error, stdout) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout })
    })
  })
}

for (const scenario of ['lossy', 'trouble', 'storm'] as const) {
  test(`"${scenario}" gives the same trace, byte for byte, in another process`, async (t) => {
    const { simulation, faults } = await runScenario(scenario, 31)
    const { code, output } = await replay('--scenario', scenario, '--seed', '31', '--trace')
    t.is(code, faults.length === 0 ? 0 : 1)
    const lines = output.split('\n')
    const { trace } = simulation
    const hash = simulation.traceHash()
    const summary = lines.findIndex((line) => line.endsWith(`trace ${hash}`))
    const different = trace.findIndex((line, index) => line !== lines[index])
    t.is(lines[different], trace[different], 'the first line that differs')
    t.is(different, -1)
    t.is(summary, trace.length, 'the hash is the same, and stands below the trace')
    const verdict = faults.length === 0 ? `Scenario "${scenario}" passed` : `Scenario "${scenario}" failed`
    t.true(lines[summary + 1]?.startsWith(`${verdict} with seed 31`))
  })
}

test('the trace can be cut to a time and a text', async (t) => {
  const { output } = await replay(
    '--seed',
    '31',
    '--trace',
    '--from',
    '1000',
    '--to',
    '2000',
    '--grep',
    'handler runs',
  )
  const lines = output.split('\n').filter((line) => /^ +\d/.test(line))
  t.true(lines.length > 0)
  for (const line of lines) {
    t.regex(line, /handler runs/)
    const atMs = Number.parseInt(line, 10)
    t.true(atMs >= 1000 && atMs <= 2000)
  }
})

for (const args of [['--seed', 'x'], ['--scenario', 'toString'], ['--nonsense'], ['--from', '-1']]) {
  test(`wrong usage is explained: ${args.join(' ')}`, async (t) => {
    const { code, output } = await replay(...args)
    t.is(code, 2)
    t.regex(output, /^Usage: node dist\/src\/sim\/replay\.js/)
  })
}
