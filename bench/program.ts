/**
 * What the programs of the benchmarks have in common: how they begin and end, and the numbers among their options.
 */

import { textOf } from './stage.ts'

/** One program. */
export interface Program<Options extends { readonly help?: boolean }> {
  /** Stands before its complaints. */
  readonly name: string
  readonly help?: string
  /** Throws an Error with one sentence when an option makes no sense. */
  parse(args: readonly string[]): Options
  run(options: Options): Promise<void>
}

/** Runs it with the arguments of this process, whose exit code is 2 when it fails. */
export async function runProgram<Options extends { readonly help?: boolean }>(
  program: Program<Options>,
): Promise<void> {
  // Ctrl-C: whatever was started ends with this process.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  try {
    const options = program.parse(process.argv.slice(2))
    if (options.help) process.stdout.write(program.help ?? '')
    else await program.run(options)
  } catch (error) {
    process.stderr.write(`${program.name}: ${textOf(error)}\n`)
    process.exitCode = 2
  }
}

/** The value of an option. Throws an Error with one sentence when it is none in this range. */
export function wholeNumber(name: string, text: string, most: number, least = 1): number {
  const value = Number(text)
  if (text !== '' && Number.isInteger(value) && value >= least && value <= most) return value
  throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`)
}
