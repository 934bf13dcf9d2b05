/**
 * What a shell may offer when its user presses Tab: commands, options and choices by yargs, and the names of the nodes
 * from the peers file. The script that makes the shell ask is in completion.ts.
 */

import type { Argv } from 'yargs'
import { commandTable } from './command-table.ts'
import type { OptionTable } from './option-kinds.ts'
import { globalOptions } from './option-tables.ts'
import { createFace } from './yargs-face.ts'

function declareForCompletion(face: Argv, options: OptionTable): Argv {
  for (const [key, option] of Object.entries(options)) {
    face.option(key, {
      describe: option.describe,
      ...(option.alias === undefined ? {} : { alias: option.alias }),
      ...(option.kind === 'flag' ? { boolean: true } : { string: true, requiresArg: true }),
      ...(option.kind === 'choice' ? { choices: option.choices } : {}),
    })
  }
  return face
}

/** The option whose value is being typed; undefined when something else is. */
function optionBeforeCursor(words: readonly string[]): string | undefined {
  // bash hands "--name=br" over as three words.
  const before = words.slice(0, -1).filter((word) => word !== '=')
  return before.at(-1)
}

/** Where a path is wanted. */
const PATH_OPTIONS = new Set(['-p', '--peers', '-o', '--output', '--key', '--dir'])

/** What the word behind the name of a command may be, where that is one of a few; undefined when an option begins. */
function firstWordsOf(before: string, words: readonly string[]): readonly string[] | undefined {
  if (words.at(-1)?.startsWith('-')) return undefined
  // "send -n keys" has the name of a command for a value.
  if (words.slice(1, -2).some((word) => Object.hasOwn(commandTable, word))) return undefined
  return Object.hasOwn(commandTable, before) ? commandTable[before]?.words.first : undefined
}

/** The value of -p among the words, where it is given. */
export function peersPathAmong(words: readonly string[]): string | undefined {
  const index = words.findIndex((word) => word === '-p' || word === '--peers')
  return index < 0 ? undefined : words[index + 1]
}

/**
 * What may follow. `argv` is the request of the script, then the words before and at the cursor; `readNames` gives the
 * names of the peers file. The answers are as the user's shell wants them, which yargs tells from SHELL: for zsh and fish
 * with a description.
 */
export function complete(argv: readonly string[], readNames: () => readonly string[]): readonly string[] {
  const words = argv.slice(1)
  const before = optionBeforeCursor(words)
  const current = words.at(-1) ?? ''
  if (before === '-n' || before === '--name') {
    return readNames().filter((name) => name.startsWith(current === '=' ? '' : current))
  }
  // Nothing: then the shell offers files.
  if (before !== undefined && PATH_OPTIONS.has(before)) return []
  const first = before === undefined ? undefined : firstWordsOf(before, words)
  if (first !== undefined) return first.filter((word) => word.startsWith(current))
  const face = createFace().completion('completion', false)
  for (const [name, command] of Object.entries(commandTable)) {
    face.command(name, command.summary, (part) => declareForCompletion(part, command.options))
  }
  declareForCompletion(face, globalOptions)
  // Not getCompletion(): it never answers once a command with options of its own has been typed (yargs 18.2). The
  // callback comes once for each parser within the parser; the last one has all that was printed.
  let printed = ''
  face.parse([...argv], (_error: unknown, _values: unknown, output: string) => {
    printed = output
  })
  return printed.split('\n').filter((line) => line !== '')
}
