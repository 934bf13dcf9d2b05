/**
 * `zmqnet completion`: the script for the user's shell. The script asks the program each time that Tab is pressed; the
 * answers are in shell-words.ts.
 */

import type { Context } from './command.ts'
import { EXIT } from './exit-code.ts'
import { UsageError } from './faults.ts'
import type { completionOptions } from './option-tables.ts'
import { createFace } from './yargs-face.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

type Shell = (typeof SHELLS)[number]

/** Prints the script. */
export async function run({ io, out, words }: Context<typeof completionOptions>): Promise<number> {
  const [wanted] = words
  const own = io.env.SHELL ?? ''
  const shell = SHELLS.find((name) => (wanted === undefined ? own.endsWith(name) : wanted === name))
  if (shell === undefined && wanted !== undefined) {
    throw new UsageError(`Unknown shell "${wanted}": one of ${SHELLS.join(', ')}`, 'completion')
  }
  out.line(renderCompletionScript(shell ?? 'bash'))
  return EXIT.done
}

/** The script that makes a shell ask `zmqnet --get-yargs-completions` when its user presses Tab. */
function renderCompletionScript(shell: Shell): string {
  // yargs tells the shell from the environment, at the moment when completion is declared.
  const { SHELL, ZSH_NAME } = process.env
  process.env.SHELL = shell
  delete process.env.ZSH_NAME
  let script = ''
  createFace()
    .completion('completion', false)
    .parse(['completion'], (_error: unknown, _values: unknown, output: string) => {
      script = output
    })
  if (SHELL === undefined) delete process.env.SHELL
  else process.env.SHELL = SHELL
  if (ZSH_NAME !== undefined) process.env.ZSH_NAME = ZSH_NAME
  return script
}
