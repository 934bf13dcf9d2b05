/**
 * Text from standard input, where a command takes "-" for it.
 */

import { stopIfInterrupted } from './faults.ts'
import type { Io } from './io.ts'

/** All of standard input, without the newline that ends it. Throws Interrupted when the user gives up. */
export async function readInputText(io: Io): Promise<string> {
  const text = await io.readInput()
  stopIfInterrupted(io)
  return text.replace(/\r?\n$/, '')
}
