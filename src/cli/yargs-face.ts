/**
 * yargs as this program uses it: for help and for shell completion, made from the tables. It takes 50 ms to load, hence
 * only what needs it imports this file. It never parses the arguments of a command that runs; see command-line.ts.
 */

import yargs, { type Argv } from 'yargs'

/** What the program is called. */
export const PROGRAM = 'zmqnet'

/** A yargs that has no opinion of its own: no help, no version, no exit, English. */
export function createFace(): Argv {
  return yargs([])
    .scriptName(PROGRAM)
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({ 'camel-case-expansion': false, 'boolean-negation': false })
}
