/**
 * The help of the program and of each command, made from the tables and laid out by yargs.
 */

import type { Argv } from 'yargs'
import type { Command } from './command.ts'
import { commandTable } from './command-table.ts'
import type { Option, OptionTable } from './option-kinds.ts'
import { globalOptions } from './option-tables.ts'
import { createFace, PROGRAM } from './yargs-face.ts'

/** The exit codes, as every help shows them. */
const EXIT_CODES =
  'Exit codes: 0 done, 1 unexpected, 2 usage or configuration, 3 node unreachable or timed out, 4 partial'

/** The description of an option, with what it takes and what it is when it is not given. */
function describe(option: Option): string {
  if (option.kind === 'flag') return option.describe
  const choices = option.kind === 'choice' ? ` (${option.choices.join(', ')})` : ''
  const byDefault = 'default' in option && option.default !== undefined ? `. Default ${option.default}` : ''
  return `${option.argument}  ${option.describe}${choices}${byDefault}`
}

function declareForHelp(face: Argv, options: OptionTable, group: string): void {
  for (const [key, option] of Object.entries(options)) {
    face.option(key, {
      ...(option.alias === undefined ? {} : { alias: option.alias }),
      describe: describe(option),
      group,
      // A type would be shown in brackets behind each line, which the description has said already.
      ...(option.kind === 'flag' ? {} : { nargs: 1 }),
    })
  }
}

function usageOf(name: string, command: Command): string {
  return [PROGRAM, name, '[options]', command.words.usage].filter((word) => word !== '').join(' ')
}

function helpOfCommand(name: string, command: Command): Argv {
  const face = createFace().usage(`${usageOf(name, command)}\n\n${command.summary}`)
  declareForHelp(face, command.options, 'Options:')
  declareForHelp(face, globalOptions, 'Options of all commands:')
  for (const [line, what] of command.examples) face.example(`${PROGRAM} ${line}`, what)
  return face.epilogue(`${command.notes}\n\n${EXIT_CODES}`)
}

function helpOfProgram(): Argv {
  const face = createFace().usage(
    `${PROGRAM} [-p PATH] <command>\n\nA broker-free messaging mesh for Node.js on ZeroMQ`,
  )
  for (const [name, command] of Object.entries(commandTable)) face.command(name, command.summary)
  declareForHelp(face, globalOptions, 'Options:')
  for (const [name, command] of Object.entries(commandTable)) {
    const [example] = command.examples
    if (example !== undefined && name !== 'completion') face.example(`${PROGRAM} ${example[0]}`, example[1])
  }
  return face.epilogue(`${PROGRAM} <command> --help tells more about a command.\n${EXIT_CODES}`)
}

/** The help of a command, or of the program, laid out for a terminal of so many columns. */
export async function renderHelp(name: string | undefined, columns: number): Promise<string> {
  const command = name === undefined ? undefined : commandTable[name]
  const face = name === undefined || command === undefined ? helpOfProgram() : helpOfCommand(name, command)
  return await face.wrap(Math.max(60, Math.min(columns, 120))).getHelp()
}
