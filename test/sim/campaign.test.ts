/** A campaign counts right, and the script that plays it says what it found: in its summary and in its exit code. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'ava'
import { Campaign, resultOf, type SeedResult } from '../../src/sim/campaign.ts'
import { runScenario } from '../../src/sim/scenarios.ts'

/** Below the limit of ava, which would not say what was printed. */
const LIMIT_MS = 110_000

const result: SeedResult = {
  scenario: 'lossy',
  seed: 4,
  faults: [],
  virtualMs: 1_800_000,
  operations: 10,
  requests: 6,
  executions: 9,
  injected: { crash: 2, lost: 5 },
}

test('the summary adds up what seeds did, and says that nothing was found', (t) => {
  const campaign = new Campaign()
  campaign.add(result)
  campaign.add({ ...result, scenario: 'storm', injected: { crash: 1 } })
  t.is(campaign.seeds, 2)
  t.is(campaign.failed, 0)
  t.is(campaign.progress(10), '2 of 10 seeds, 1.0 virtual hours, 0 failed')
  const lines = campaign.summary(3600).split('\n')
  t.is(lines[0], 'seeds       2 (lossy 1, storm 1)')
  t.is(lines[1], 'time        1.0 virtual hours in 3.6 s, 1000 times real time')
  t.is(lines[2], 'operations  20 (12 requests), for which handlers ran 18 times')
  t.deepEqual(campaign.totals, {
    seeds: 2,
    failed: 0,
    operations: 20,
    requests: 12,
    executions: 18,
    virtualMs: 3_600_000,
  })
  t.regex(lines[3] ?? '', /^faults {6}partition 0, .*crash 3, .*lost 5, /)
  t.is(lines[4], 'violations  none')
  t.is(lines.length, 5)
})

test('the summary names each seed that failed, its first faults and the command that shows it', (t) => {
  const campaign = new Campaign()
  campaign.add({ ...result, faults: ['one\nand its stack', 'two', 'three', 'four', 'five'] })
  const text = campaign.summary(1)
  t.is(campaign.failed, 1)
  t.true(
    text.endsWith(
      [
        'violations  1 of 1 seeds',
        '  lossy, seed 4:',
        '    - one',
        '    - two',
        '    - three',
        '    ... and 2 more',
        '    node dist/src/sim/replay.js --scenario lossy --seed 4 --trace',
      ].join('\n'),
    ),
    text,
  )
})

test('a campaign keeps a bounded number of violations and counts the rest', (t) => {
  const campaign = new Campaign()
  for (let seed = 0; seed < 60; seed += 1) campaign.add({ ...result, seed, faults: ['bad'] })
  t.is(campaign.failed, 60)
  t.regex(campaign.summary(1), /\n {2}\.\.\. and 10 more seeds$/)
})

test('a verdict as plain data says what was injected', async (t) => {
  const plain = resultOf(await runScenario('trouble', 3))
  t.deepEqual(structuredClone(plain), plain)
  t.true(plain.virtualMs >= 75_000)
  t.true(
    (plain.injected.partition ?? 0) > 0 && (plain.injected.crash ?? 0) > 0 && (plain.injected.lost ?? 0) > 0,
  )
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the script; `onProgress` may send it a signal. */
async function simulateScript(
  args: readonly string[],
  onProgress: (kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, ['scripts/simulate.js', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += String(text)
  })
  child.stderr.on('data', (text) => {
    stderr += String(text)
    onProgress((signal) => child.kill(signal))
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

test('the script plays seeds in several processes and ends with 0 when nothing is found', async (t) => {
  const { code, stdout, stderr } = await simulateScript(['--seeds', '9', '--from', '40', '--jobs', '2'])
  t.is(code, 0, stdout + stderr)
  t.regex(
    stdout,
    /^seeds {7}9 \(crowded 1, guarded 1, havoc 1, lossy 1, narrow 1, neighbours 1, shuffled 1, storm 1, trouble 1\)$/m,
  )
  t.regex(stdout, /^violations {2}none$/m)
})

test('the script ends with 1 and the command to replay when a node breaks a promise', async (t) => {
  const naive = ['--node', 'dist/test/sim/naive-node.js']
  const { code, stdout } = await simulateScript([
    '--seeds',
    '1',
    '--scenario',
    'lossy',
    '--jobs',
    '1',
    ...naive,
  ])
  t.is(code, 1)
  t.regex(stdout, /^violations {2}1 of 1 seeds$/m)
  t.regex(stdout, /^ {4}node dist\/src\/sim\/replay\.js --scenario lossy --seed 0 --trace$/m)
})

test('a process that dies is a finding, and the other seeds are played', async (t) => {
  const args = [
    '--seeds',
    '3',
    '--scenario',
    'lossy',
    '--jobs',
    '1',
    '--node',
    'dist/test/sim/no-such-node.js',
  ]
  const { code, stdout } = await simulateScript(args)
  t.is(code, 1)
  t.regex(stdout, /^violations {2}3 of 3 seeds$/m)
  t.regex(stdout, /the process that played it ended with code 1/)
})

test('Ctrl-C prints the summary so far', async (t) => {
  // The first line of progress comes after a tenth of the seeds; what is left would take ten times as long.
  const args = ['--seeds', '30', '--scenario', 'havoc', '--jobs', '1']
  const { code, stdout } = await simulateScript(args, (kill) => kill('SIGINT'))
  t.is(code, 130, stdout)
  const played = Number(/^seeds {7}(\d+) /m.exec(stdout)?.[1])
  t.true(played >= 3 && played < 30, stdout)
})

test('the same seed gives the same trace in several processes', async (t) => {
  const { code, stdout } = await simulateScript([
    '--same',
    '4',
    '--from',
    '9',
    '--scenario',
    'storm',
    '--jobs',
    '2',
  ])
  t.is(code, 0, stdout)
  t.regex(stdout, /^Scenario "storm", seed 9: 4 runs in 2 processes gave 1 different traces$/m)
  const { simulation } = await runScenario('storm', 9)
  t.true(stdout.includes(`  4 times ${simulation.traceHash()}`), 'and it is the one of this process')
})

for (const args of [['--seeds', '0'], ['--scenario', 'calm'], ['--jobs', 'many'], ['--nonsense']]) {
  test(`wrong usage is told: ${args.join(' ')}`, async (t) => {
    const { code, stderr } = await simulateScript(args)
    t.is(code, 2)
    t.regex(stderr, /^simulate: /)
  })
}
