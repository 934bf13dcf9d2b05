/**
 * What the coverage of a whole run has to show, for the gate (scripts/test.js): a summary on the terminal, the details by
 * line in coverage/lcov.info, and a judgement. Two rules hold:
 *
 * - Every line of the rooms that meet the world (STRICT) is reached by a test: there the catch and error branches are, and
 *   one that was never run is a guess. Lines that no test can reach say why: `c8 ignore next N -- reason` in a comment
 *   before them. What stands there for the compiler only, `unreachable`, needs no reason, and brackets alone do no harm.
 * - The shares of the whole do not fall below FLOORS. Raise them when more is reached.
 *
 * Coverage counts what tsc compiled, in the tests and in the processes that they start; not the bundles. What depends on
 * the operating system is reached on Linux, so that only there is judged.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { filesUnder, ROOT } from './setup.js'

const FOLDER = join(ROOT, 'coverage')
/** Where each process writes what it ran, by NODE_V8_COVERAGE. */
export const RAW = join(FOLDER, 'v8')

const STRICT = ['src/node/', 'src/transport/', 'src/cli/main.ts', 'src/cli/process-io.ts']

/** In percent. Which branches are taken is in a few places a matter of time, hence some room. */
const FLOORS = { lines: 99.5, functions: 99.2, branches: 97 }

/** What stands for each of them in an lcov file: found and hit. */
const COUNTS = { lines: ['LF', 'LH'], functions: ['FNF', 'FNH'], branches: ['BRF', 'BRH'] }

/** Takes away what a former run left. */
export function clearCoverage() {
  rmSync(FOLDER, { recursive: true, force: true })
}

/** Reports, and gives what is wrong, in sentences. */
export function judgeRun() {
  const reporters = ['text-summary', 'lcovonly'].flatMap((name) => ['--reporter', name])
  const folders = ['--temp-directory', RAW, '--reports-dir', FOLDER]
  const which = ['--include', 'dist/src/**', '--exclude', '']
  const c8 = join(ROOT, 'node_modules', 'c8', 'bin', 'c8.js')
  const result = spawnSync(process.execPath, [c8, 'report', ...reporters, ...folders, ...which], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  rmSync(RAW, { recursive: true, force: true })
  if (result.status !== 0) return ['coverage cannot be reported']
  if (process.platform !== 'linux') return []
  const report = readFileSync(join(FOLDER, 'lcov.info'), 'utf8').replaceAll('\\', '/')
  return [...neverLoaded(report), ...judge(report, (path) => readFileSync(join(ROOT, path), 'utf8'))]
}

/** What is wrong with a report in the format of lcov. `textOf` gives a source by its path. */
export function judge(report, textOf) {
  const totals = { LF: 0, LH: 0, FNF: 0, FNH: 0, BRF: 0, BRH: 0 }
  const faults = []
  for (const record of report.split('end_of_record')) {
    const path = /^SF:(.*)$/m.exec(record)?.[1]
    if (path === undefined) continue
    for (const name of Object.keys(totals)) {
      totals[name] += Number(new RegExp(`^${name}:(\\d+)$`, 'm').exec(record)?.[1] ?? 0)
    }
    if (STRICT.some((place) => path.startsWith(place))) faults.push(...missedLines(path, record, textOf))
  }
  for (const [name, [found, hit]] of Object.entries(COUNTS)) {
    const percent = totals[found] === 0 ? 0 : (totals[hit] / totals[found]) * 100
    if (percent < FLOORS[name])
      faults.push(`${percent.toFixed(2)} % of the ${name} are reached, not ${FLOORS[name]} %`)
  }
  return faults
}

function missedLines(path, record, textOf) {
  const missed = [...record.matchAll(/^DA:(\d+),0$/gm)].map((match) => Number(match[1]))
  if (missed.length === 0) return []
  const lines = textOf(path).split('\n')
  const isBracket = (line) => /^[\s)}\];,]*$/.test(lines[line - 1] ?? '')
  const isForCompiler = (line) => /\bunreachable\(/.test(lines[line - 1] ?? '')
  const isDefault = (line) => /^\s*default:$/.test(lines[line - 1] ?? '')
  return missed
    .filter(
      (line) => !isBracket(line) && !isForCompiler(line) && !(isDefault(line) && isForCompiler(line + 1)),
    )
    .map((line) => `${path}:${line} is reached by no test: ${(lines[line - 1] ?? '').trim()}`)
}

/** Compiled files that the report does not know, and so does not count: no process loaded them. */
function neverLoaded(report) {
  const seen = new Set([...report.matchAll(/^SF:(.*)$/gm)].map((match) => match[1]))
  return filesUnder(join(ROOT, 'src'))
    .map((path) => relative(ROOT, path).replaceAll('\\', '/'))
    .filter((path) => !seen.has(path) && holdsCode(path))
    .map((path) => `no test ever loaded ${path}`)
}

/** Whether more than types is left of a source file once it is compiled. */
function holdsCode(path) {
  const compiledPath = join(ROOT, 'dist', path.replace(/\.ts$/, '.js'))
  if (!existsSync(compiledPath)) return false
  const code = readFileSync(compiledPath, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
  return code.replace(/export \{\s*\};?/, '').trim() !== ''
}
