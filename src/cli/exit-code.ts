/**
 * The exit codes of the command line, and which error leads to which. They are part of the contract with scripts: a
 * number never changes its meaning. This file only maps; printing an error is the business of faults.ts.
 */

import type { ErrorCode } from '../errors.ts'

/** The exit codes, by what they tell a script. */
export const EXIT = {
  /** Everything that was asked for happened. */
  done: 0,
  /** Something failed that is neither the user's input nor the network: a handler that threw, a fault of our own. */
  unexpected: 1,
  /** The command line or the peers file is wrong; trying again cannot help. */
  usage: 2,
  /** The node could not be reached, or did not answer in time. */
  unreachable: 3,
  /** Done in part: some peers or nodes are missing, and the output names them. */
  partial: 4,
} as const

/** What a shell expects of a program that a signal ended: 128 and the number of the signal. */
const EXIT_BY_SIGNAL: Readonly<Record<string, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
  EPIPE: EXIT.done,
}

/** The exit code after an interrupt. A reader that went away (EPIPE) got what it wanted, so that ends as done. */
export function exitCodeOfInterrupt(cause: string): number {
  return EXIT_BY_SIGNAL[cause] ?? EXIT.unexpected
}

/** The exit code for an error of the library. The switch is exhaustive: a new code does not compile without a line here. */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'CONFIG':
    case 'INVALID_ARGUMENT':
    case 'ADDRESS_IN_USE':
    case 'TOO_LARGE':
      return EXIT.usage
    case 'NOT_SENT':
    case 'QUEUE_FULL':
    case 'TIMEOUT':
    case 'PEER_RESTARTED':
    case 'EXPIRED':
    case 'REFUSED':
    case 'CLOSED':
      return EXIT.unreachable
    case 'UNKNOWN_VERB':
    case 'HANDLER_FAILED':
    case 'OVERLOADED':
    case 'FORGOTTEN':
    case 'REJECTED':
    case 'NOT_ALLOWED':
    case 'ABORTED':
      return EXIT.unexpected
  }
}
