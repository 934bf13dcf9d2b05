/**
 * What the programs for developers have in common, benchmarks and long tests: how they begin and end, what they say to somebody
 * who asks for help or mistypes an option, and the numbers among their options.
 */

/** One program. */
export interface Program<Options> {
  /** Stands before its complaints. */
  readonly name: string
  /** What `--help` prints. */
  readonly help: string
  /** It ends in its own way on SIGINT and SIGTERM, because it has to clear up; otherwise it ends at once. */
  readonly endsItself?: boolean
  /** Throws an Error with one sentence when an option makes no sense. */
  parse(args: readonly string[]): Options
  /** May give the exit code; otherwise it is 0. */
  run(options: Options): Promise<number | undefined> | Promise<void>
}

/** Runs it with the arguments of this process. The exit code is 2 when an option is wrong, and when it fails. */
export async function runProgram<Options>(program: Program<Options>): Promise<void> {
  const { name, help, endsItself = false } = program
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(help)
    return
  }
  if (!endsItself) {
    // Ctrl-C: whatever was started ends with this process.
    process.once('SIGINT', () => process.exit(130))
    process.once('SIGTERM', () => process.exit(143))
  }
  try {
    process.exitCode = (await program.run(program.parse(args))) ?? 0
  } catch (error) {
    process.stderr.write(`${name}: ${textOf(error)}\n`)
    process.exitCode = 2
  }
}

/** The value of an option. Throws an Error with one sentence when it is none in this range. */
export function wholeNumber(name: string, text: string, most: number, least = 1): number {
  const value = Number(text)
  if (text !== '' && Number.isInteger(value) && value >= least && value <= most) return value
  throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`)
}

/** The value of an option that may have a fraction. Throws an Error with one sentence when it is none in this range. */
export function someMinutes(text: string): number {
  const value = Number(text)
  if (value > 0 && value <= 1440) return value
  throw new Error(`--minutes is a number above 0 and at most 1440, not ${JSON.stringify(text)}`)
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
