/**
 * What an option of the command line can be, and the type of the value that it becomes. The tables in option-tables.ts
 * are written in these words; parsing, help and completion all read them, so that an option is described once.
 */

interface Described {
  /** One line for the help, in sentence case without a final period. */
  readonly describe: string
  /** The one-letter form, without its dash. */
  readonly alias?: string
}

/** Present or absent; takes no value. */
export interface FlagOption extends Described {
  readonly kind: 'flag'
}

/** Any text that is not empty. */
export interface TextOption extends Described {
  readonly kind: 'text'
  /** The word for the value in the help. */
  readonly argument: string
}

/** A time such as 500ms, 2s or 1m; becomes milliseconds. */
export interface DurationOption extends Described {
  readonly kind: 'duration'
  readonly argument: string
  readonly default?: string
}

/** A whole number within bounds, both included. */
export interface CountOption extends Described {
  readonly kind: 'count'
  readonly argument: string
  readonly minimum: number
  readonly maximum: number
  readonly default?: number
}

/** One of a few words. */
export interface ChoiceOption extends Described {
  readonly kind: 'choice'
  readonly argument: string
  readonly choices: readonly string[]
  readonly default?: string
}

export type Option = FlagOption | TextOption | DurationOption | CountOption | ChoiceOption

/** Options by their long name. */
export type OptionTable = Readonly<Record<string, Option>>

/** An option with a default always has a value. */
type MaybeMissing<O, V> = O extends { readonly default: string | number } ? V : V | undefined

type ValueOf<O extends Option> = O extends FlagOption
  ? boolean
  : O extends TextOption
    ? string | undefined
    : O extends DurationOption | CountOption
      ? MaybeMissing<O, number>
      : O extends ChoiceOption
        ? MaybeMissing<O, O['choices'][number]>
        : never

/** The values that a table of options becomes: flags as booleans, durations as milliseconds, counts as numbers. */
export type Values<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]> }

/** How an option is written on a command line: "-n" for one letter, "--name" for more. */
export function dashed(key: string): string {
  return key.length === 1 ? `-${key}` : `--${key}`
}
