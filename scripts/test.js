/**
 * The gate: `npm test`. It builds (types), lints, checks the format and the imports (Biome), and runs the tests (ava)
 * with coverage (V8's own, judged by coverage.js). Every step runs, also after one that failed, so that one run shows every
 * fault. The last line is always `N passed, N failed`: the tests of ava, plus each other step that failed.
 *
 * Usage: npm test                      everything
 *        npm test -- test/wire ...     only the tests below these paths, without lint and coverage
 *        npm test -- --no-coverage     everything but the coverage, which costs a few seconds
 */

import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { clearCoverage, judgeRun, RAW } from './coverage.js'
import { build, ROOT } from './setup.js'
import { TapCounter } from './tap-counter.js'

const STDERR_KEPT = 64 * 1024

const args = process.argv.slice(2)
const paths = args.filter((arg) => !arg.startsWith('-'))
const whole = paths.length === 0
const withCoverage = whole && !args.includes('--no-coverage')
const startedAt = performance.now()

let failedSteps = 0

step('build', build())
if (whole) step('biome check', run('@biomejs/biome/bin/biome', ['check', '--error-on-warnings']))
const tests = await runAva()
if (withCoverage) step('coverage', coverageIsWell())

const failed = tests.failed + failedSteps
say(`all in ${seconds(startedAt)} s`)
process.stdout.write(`${tests.passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

/** Runs the tests; a crash, and a run without a single test, counts as one failure. */
async function runAva() {
  const since = performance.now()
  if (withCoverage) clearCoverage()
  const ava = spawn(
    process.execPath,
    [modulePath('ava/entrypoints/cli.mjs'), '--tap', ...paths.map(compiled)],
    {
      cwd: ROOT,
      env: testEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const counter = new TapCounter((text) => process.stdout.write(text))
  let stderr = ''
  ava.stdout.setEncoding('utf8').on('data', (text) => counter.push(text))
  ava.stderr.setEncoding('utf8').on('data', (text) => {
    stderr = (stderr + text).slice(-STDERR_KEPT)
  })
  const stopShowing = showProgress(counter)
  const [code, signal] = await new Promise((resolve) => ava.on('close', (...how) => resolve(how)))
  stopShowing()
  counter.end()
  let { passed, failed } = counter
  if (passed + failed === 0) complain('no test ran')
  else if (code !== 0 && failed === 0) complain(`ava ended with ${signal ?? `code ${code}`}`)
  if (failed > 0 && stderr !== '') process.stdout.write(`--- what the tests wrote to stderr ---\n${stderr}\n`)
  say(`ava: ${passed} passed, ${failed} failed, in ${seconds(since)} s`)
  return { passed, failed }

  function complain(text) {
    failed += 1
    say(`FAILED ${text}`)
  }
}

/** A line that counts, for somebody who waits at a terminal. Gives a function that takes it away. */
function showProgress(counter) {
  if (!process.stdout.isTTY) return () => undefined
  const clear = '\r\u001b[K'
  const show = () =>
    process.stdout.write(`${clear}test: ava: ${counter.passed} passed, ${counter.failed} failed\r`)
  const timer = setInterval(show, 250)
  return () => {
    clearInterval(timer)
    process.stdout.write(clear)
  }
}

function coverageIsWell() {
  const faults = judgeRun()
  for (const fault of faults) say(fault)
  return faults.length === 0
}

function testEnvironment() {
  const env = { ...process.env, NODE_ENV: 'test' }
  // Node.js reads these certificates at every start, which costs each of our processes a tenth of a second.
  delete env.NODE_EXTRA_CA_CERTS
  // The environment of the user must not decide what a test sees.
  for (const name of ['PEERS_PATH', 'NO_COLOR', 'FORCE_COLOR', 'ZMQNET_DEBUG']) delete env[name]
  if (withCoverage) env.NODE_V8_COVERAGE = RAW
  return env
}

/** From a path among the sources to what ava is to run: "test/wire" or "test/wire/codec.test.ts". */
function compiled(path) {
  const clean = path.replace(/^\.\//, '').replace(/\/$/, '')
  if (clean.endsWith('.ts')) return `dist/${clean.replace(/\.ts$/, '.js')}`
  return `dist/${clean}/**/*.test.js`
}

function run(module, moduleArgs) {
  const result = spawnSync(process.execPath, [modulePath(module), ...moduleArgs], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  return result.status === 0
}

function modulePath(module) {
  return join(ROOT, 'node_modules', ...module.split('/'))
}

function step(name, passed) {
  if (passed) return
  failedSteps += 1
  say(`FAILED ${name}`)
}

function say(text) {
  process.stdout.write(`test: ${text}\n`)
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1)
}
