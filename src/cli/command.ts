/**
 * What a command is: a face that is plain data and costs nothing to load, and a body that is loaded when it runs.
 */

import type { PeersConfig } from '../index.ts'
import type { Io, Library } from './io.ts'
import type { OptionTable, Values } from './option-kinds.ts'
import type { globalOptions } from './option-tables.ts'
import type { Output } from './output.ts'

/** What a command is given when it runs. */
export interface Context<T extends OptionTable> {
  readonly io: Io
  readonly out: Output
  readonly library: Library
  readonly values: Values<T> & Values<typeof globalOptions>
  /** The arguments that are no options, in order, those after "--" included. */
  readonly words: readonly string[]
  /** Those of them that stood after "--": they mean nothing but themselves. */
  readonly literals: readonly string[]
  /** Reads the peers file; throws ZmqnetError with code CONFIG and all faults. */
  loadPeers(): PeersConfig
}

/** The body of a command: runs it to its end and gives the exit code. */
export type Run<T extends OptionTable> = (context: Context<T>) => Promise<number>

/** The arguments of a command that are no options. */
export interface Words {
  /** As the help shows them, such as "VERB [BODY]". */
  readonly usage: string
  readonly minimum: number
  readonly maximum: number
  /** What the first of them may be, where that is one of a few words; the shell offers them. */
  readonly first?: readonly string[]
}

/** The face of a command. */
export interface Command {
  readonly summary: string
  /** More about it, shown at the end of its help. */
  readonly notes: string
  readonly options: OptionTable
  readonly words: Words
  /** Command lines, without the program, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  // biome-ignore lint/suspicious/noExplicitAny: the table holds commands with different options; defineCommand checks each
  readonly load: () => Promise<{ readonly run: Run<any> }>
}

/** Makes a command, and checks that its body takes just the options that its face declares. */
export function defineCommand<T extends OptionTable>(
  command: Omit<Command, 'options' | 'load'> & {
    readonly options: T
    readonly load: () => Promise<{ readonly run: Run<T> }>
  },
): Command {
  return command
}
