/**
 * From the arguments to a command with its values. The splitting is done by the parser of yargs, and by nothing else;
 * what it lets pass in silence is refused here: unknown options, an option given twice, a value for a flag, a number
 * that is none. All faults are collected, so that the user sees them at once.
 *
 * yargs itself is loaded for help and completion only: its layout code takes three times as long to load as a whole
 * `zmqnet send`. That is why its parser is a dependency of its own, in the version that yargs uses.
 */

import type { Command } from './command.ts'
import { commandTable } from './command-table.ts'
import { UsageError } from './faults.ts'
import { dashed, type Option, type OptionTable } from './option-kinds.ts'
import { globalOptions } from './option-tables.ts'

/** The part of yargs-parser that is used. */
export interface ArgumentParser {
  detailed(
    argv: readonly string[],
    options: {
      readonly string: readonly string[]
      readonly boolean: readonly string[]
      readonly alias: Readonly<Record<string, readonly string[]>>
      readonly narg: Readonly<Record<string, number>>
      readonly configuration: Readonly<Record<string, boolean>>
    },
  ): { readonly argv: Readonly<Record<string, unknown>>; readonly error: Error | null }
}

/** Loads the parser that yargs uses. */
export async function loadArgumentParser(): Promise<ArgumentParser> {
  const { default: parser } = await import('yargs-parser')
  // Its published types are older than its code, and ask for arrays that may be changed.
  return parser as unknown as ArgumentParser
}

/** The value of an option as it was written; flags are booleans. */
export type RawValues = Readonly<Record<string, string | boolean>>

/** What the arguments ask for. */
export type CommandLine =
  | { readonly kind: 'help'; readonly command: string | undefined }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run'
      readonly name: string
      readonly command: Command
      readonly raw: RawValues
      readonly words: readonly string[]
      readonly literals: readonly string[]
    }

/** Numbers stay texts, dots and dashes mean nothing, "--no-" is no prefix, and repeated options can be seen. */
const CONFIGURATION = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'duplicate-arguments-array': true,
  'flatten-duplicate-arrays': true,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
}

interface Split {
  readonly argv: Readonly<Record<string, unknown>>
  readonly words: readonly string[]
  readonly literals: readonly string[]
  readonly error: Error | null
}

function split(
  parser: ArgumentParser,
  argv: readonly string[],
  entries: readonly (readonly [string, Option])[],
): Split {
  const alias: Record<string, string[]> = {}
  const narg: Record<string, number> = {}
  for (const [key, option] of entries) {
    if (option.alias !== undefined) alias[key] = [option.alias]
    // Zero for flags: otherwise the parser would take a following word "true" for the value of the flag.
    narg[key] = option.kind === 'flag' ? 0 : 1
  }
  const isFlag = ([, option]: readonly [string, Option]) => option.kind === 'flag'
  const result = parser.detailed(argv, {
    string: entries.filter((entry) => !isFlag(entry)).map(([key]) => key),
    boolean: entries.filter(isFlag).map(([key]) => key),
    alias,
    narg,
    configuration: CONFIGURATION,
  })
  const listOf = (key: string) => ((result.argv[key] ?? []) as readonly unknown[]).map(String)
  return { argv: result.argv, words: listOf('_'), literals: listOf('--'), error: result.error }
}

/**
 * All options of all commands, each letter as an option of its own: enough to tell which words are values. A letter may
 * mean two options in two commands, hence no aliases here.
 */
function everyOption(): readonly (readonly [string, Option])[] {
  const all = new Map<string, Option>()
  for (const table of [globalOptions, ...Object.values(commandTable).map((command) => command.options)]) {
    for (const [key, { alias, ...option }] of Object.entries(table as OptionTable)) {
      all.set(key, option as Option)
      if (alias !== undefined) all.set(alias, option as Option)
    }
  }
  return [...all]
}

/** Reads the arguments. Throws UsageError with every fault. */
export function readCommandLine(parser: ArgumentParser, argv: readonly string[]): CommandLine {
  const first = split(parser, argv, everyOption())
  const [name, next] = first.words
  // "-hello" holds an h, too, but it is a text that lost its "--", and deserves to be told so.
  const isWritten = argv.includes('--help') || argv.includes('-h')
  const asksForHelp = name === 'help' || (isWritten && (first.argv.help === true || first.argv.h === true))
  if (asksForHelp) {
    const topic = name === 'help' ? next : name
    return {
      kind: 'help',
      command: topic !== undefined && Object.hasOwn(commandTable, topic) ? topic : undefined,
    }
  }
  if (first.argv.version === true) return { kind: 'version' }
  if (name === undefined) throw new UsageError(missingCommand(first))
  const command = Object.hasOwn(commandTable, name) ? commandTable[name] : undefined
  if (command === undefined)
    throw new UsageError(`Unknown command "${name}"${suggest(name, Object.keys(commandTable))}`)
  return readCommand(parser, argv, name, command)
}

function missingCommand(line: Split): string {
  const names = Object.keys(commandTable).join(', ')
  const stray = line.literals[0] === undefined ? '' : ` before "-- ${line.literals[0]}"`
  return `Missing command${stray}: one of ${names}`
}

function readCommand(
  parser: ArgumentParser,
  argv: readonly string[],
  name: string,
  command: Command,
): CommandLine {
  const options: OptionTable = { ...globalOptions, ...command.options }
  const line = split(parser, argv, Object.entries(options))
  const words = [...line.words.slice(1), ...line.literals]
  const faults = [
    ...faultsOfUnknown(line, options, argv, name),
    ...faultsOfKnown(line, options),
    ...(line.error === null ? [] : [faultOfArity(line.error, options)]),
    ...faultsOfWords(words, command),
  ]
  if (faults.length > 0) throw new UsageError(faults, name)
  const raw: Record<string, string | boolean> = {}
  for (const [key, option] of Object.entries(options)) {
    const value = line.argv[key]
    if (option.kind === 'flag') raw[key] = value !== undefined
    else if (value !== undefined) raw[key] = String(value)
  }
  return { kind: 'run', name, command, raw, words, literals: line.literals }
}

function faultsOfUnknown(line: Split, options: OptionTable, argv: readonly string[], name: string): string[] {
  const aliases = new Set(Object.values(options).map((option) => option.alias))
  const faults = Object.keys(line.argv)
    .filter((key) => key !== '_' && key !== '--' && !aliases.has(key) && !Object.hasOwn(options, key))
    .map((key) => {
      const hint = key.length === 1 ? '' : suggest(key, Object.keys(options), '--')
      return `Unknown option ${asWritten(key, argv)}${hint}`
    })
  if (faults.length === 0 || name !== 'send') return [...new Set(faults)]
  // The letters of "-hello" are one mistake, not four.
  return [...new Set(faults), 'A text that starts with a dash goes after --']
}

function faultsOfKnown(line: Split, options: OptionTable): string[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const value = line.argv[key]
    if (option.kind === 'flag') return []
    if (value === '') return [`Option ${spelled(key, option)} has an empty value`]
    if (!Array.isArray(value)) return []
    return [`Option ${spelled(key, option)} is given ${value.length} times: ${value.join(', ')}`]
  })
}

/** The argument that an unknown option came from: the parser takes "-hello" for five letters. */
function asWritten(key: string, argv: readonly string[]): string {
  const end = argv.indexOf('--')
  const options = end < 0 ? argv : argv.slice(0, end)
  const isGroup = (word: string) => key.length === 1 && /^-[^-]/.test(word) && word.includes(key)
  const word = options.find((candidate) => candidate.split('=')[0] === dashed(key)) ?? options.find(isGroup)
  return word?.split('=')[0] ?? dashed(key)
}

/** The parser says "Not enough arguments following: n" or "Argument unexpected for: json". */
function faultOfArity(error: Error, options: OptionTable): string {
  const key = /: (\S+)$/.exec(error.message)?.[1] ?? ''
  const option = Object.entries(options).find(([long, { alias }]) => long === key || alias === key)?.[1]
  if (option === undefined) return error.message
  if (option.kind === 'flag') return `Option ${dashed(key)} takes no value`
  return `Option ${dashed(key)} needs a value: ${dashed(key)} ${option.argument}`
}

function faultsOfWords(words: readonly string[], { words: { usage, minimum, maximum } }: Command): string[] {
  if (words.length < minimum) return [`Missing argument: ${usage}`]
  return words.slice(maximum).map((word) => `Unexpected argument "${word}"`)
}

/** Both forms of an option, for a message. */
function spelled(key: string, option: Option): string {
  return option.alias === undefined ? `--${key}` : `-${option.alias}, --${key}`
}

/** Turns the values of a command into what they mean. Throws UsageError with every fault. */
export function readValues(
  options: OptionTable,
  raw: RawValues,
  parseDuration: (text: string) => number,
  name: string,
): Record<string, string | number | boolean | undefined> {
  const faults: string[] = []
  const values: Record<string, string | number | boolean | undefined> = {}
  for (const [key, option] of Object.entries(options)) {
    const text = raw[key] ?? ('default' in option ? option.default : undefined)
    if (text === undefined || typeof text === 'boolean') values[key] = text
    else {
      const result = readValue(option, String(text), parseDuration)
      if (typeof result === 'object') faults.push(`Option ${spelled(key, option)}: ${result.fault}`)
      else values[key] = result
    }
  }
  if (faults.length > 0) throw new UsageError(faults, name)
  return values
}

function readValue(
  option: Option,
  text: string,
  parseDuration: (text: string) => number,
): string | number | Fault {
  switch (option.kind) {
    case 'flag':
    case 'text':
      return text
    case 'duration':
      try {
        return parseDuration(text)
      } catch {
        const example = /^\d+$/.test(text) ? `${text}ms or ${text}s` : '500ms, 2s or 1m'
        return { fault: `"${text}" is no time; write it as ${example}` }
      }
    case 'count': {
      const { minimum, maximum } = option
      const count = /^\d+$/.test(text) ? Number(text) : Number.NaN
      if (count >= minimum && count <= maximum) return count
      return { fault: `"${text}" is no whole number from ${minimum} to ${maximum}` }
    }
    case 'choice':
      return option.choices.includes(text)
        ? text
        : { fault: `"${text}" is none of ${option.choices.join(', ')}` }
  }
}

interface Fault {
  readonly fault: string
}

/**
 * "; did you mean ...?" when one of the candidates is within two edits, otherwise nothing. More generous than the hint for
 * a peers file (discovery/spelling.ts), whose short keys are alike: what is typed by hand is also broken off, as "stat".
 */
function suggest(word: string, candidates: readonly string[], prefix = ''): string {
  const [best] = candidates
    .map((candidate) => ({ candidate, edits: countEdits(word, candidate) }))
    .filter(({ edits, candidate }) => edits <= 2 && edits <= candidate.length / 2)
    .sort((a, b) => a.edits - b.edits)
  return best === undefined ? '' : `; did you mean ${prefix}${best.candidate}?`
}

/** Levenshtein's distance, one row at a time. Words are cut at 30 letters, for they come from a user. */
function countEdits(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= Math.min(a.length, 30); row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current[column] = Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1)
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
