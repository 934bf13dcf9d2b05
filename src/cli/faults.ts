/**
 * What goes wrong on a command line, and how it is said: one clear message on stderr, or one JSON object on stdout for
 * `--json`; never a stack, unless `--debug` or ZMQNET_DEBUG asks for one. Each report gives the exit code that belongs
 * to it. Errors of the library arrive with a code of their own; this file adds the three that only a command line has.
 */

import { ZmqnetError } from '../errors.ts'
import { EXIT, exitCodeOf, exitCodeOfInterrupt } from './exit-code.ts'
import type { Io } from './io.ts'

/** The user's input is wrong. Every fault that was found is in the message, one per line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** The command whose help would tell more; undefined for the program as a whole. */
  readonly command: string | undefined

  constructor(faults: string | readonly string[], command?: string) {
    super(typeof faults === 'string' ? faults : faults.join('\n'))
    this.command = command
  }
}

/** A file is wrong: the error that the library has for it, without a pointer to the help. */
export function configFault(message: string): ZmqnetError {
  return new ZmqnetError({ code: 'CONFIG', safeToRetry: false, message })
}

/** The user or the system asked the command to stop before it was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  /** "SIGINT", "SIGTERM" or "EPIPE". */
  readonly signal: string

  constructor(signal: string) {
    super(`Interrupted by ${signal}`)
    this.signal = signal
  }
}

/** Throws when the interrupt has come. */
export function stopIfInterrupted(io: Io): void {
  if (io.interrupt.aborted) throw new Interrupted(String(io.interrupt.reason))
}

/** Whether the arguments ask for JSON, told without parsing them: the fault may be in the arguments. */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json')
}

function asksForStack(io: Io): boolean {
  const end = io.argv.indexOf('--')
  const options = end < 0 ? io.argv : io.argv.slice(0, end)
  return options.includes('--debug') || (io.env.ZMQNET_DEBUG ?? '') !== ''
}

interface Verdict {
  readonly code: string
  readonly message: string
  readonly exitCode: number
  /** What a person may do next; not part of the JSON. */
  readonly hint: string
}

function judge(error: unknown, io: Io): Verdict {
  if (error instanceof UsageError) {
    const help = ['zmqnet', error.command, '--help'].filter((word) => word !== undefined).join(' ')
    return { code: 'USAGE', message: error.message, exitCode: EXIT.usage, hint: `See: ${help}` }
  }
  const isAborted = error instanceof Interrupted || (error instanceof ZmqnetError && error.code === 'ABORTED')
  if (isAborted && io.interrupt.aborted) {
    const signal = String(io.interrupt.reason)
    return {
      code: 'ABORTED',
      message: `Interrupted by ${signal}`,
      exitCode: exitCodeOfInterrupt(signal),
      hint: '',
    }
  }
  if (error instanceof ZmqnetError) {
    return { code: error.code, message: error.message, exitCode: exitCodeOf(error.code), hint: '' }
  }
  const message = error instanceof Error ? error.message : String(error)
  const hint = asksForStack(io)
    ? ''
    : 'This is a fault of zmqnet: run it again with --debug and report what it prints'
  return { code: 'UNEXPECTED', message: `Unexpected: ${message}`, exitCode: EXIT.unexpected, hint }
}

/** Tells the user what went wrong, and gives the exit code. */
export function reportFault(error: unknown, io: Io): number {
  const { code, message, exitCode, hint } = judge(error, io)
  // Nobody reads any more: that is how `zmqnet ... | head` ends, and no fault.
  if (code === 'ABORTED' && io.interrupt.reason === 'EPIPE') return exitCode
  if (asksForJson(io.argv)) {
    io.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
  } else {
    io.stderr.write(`${message}\n${hint === '' ? '' : `${hint}\n`}`)
  }
  if (asksForStack(io) && error instanceof Error) io.stderr.write(`${stackOf(error)}\n`)
  return exitCode
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own
}

/** Short form for one line among others: the code and the message of any error. */
export function codeAndMessageOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof ZmqnetError) return { code: error.code, message: error.message }
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) }
}
