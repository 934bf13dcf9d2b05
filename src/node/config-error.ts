/**
 * The error for settings that are wrong, wherever they stand: one ZmqnetError of code CONFIG whose message lists every
 * fault with its path. What is wrong is found by others.
 */

import type { Fault } from '../discovery/fields.ts'
import { ZmqnetError } from '../errors.ts'

/** Nobody reads more; the rest is counted. */
export const MAX_FAULTS_SHOWN = 20

export function configError(message: string, cause?: unknown): ZmqnetError {
  return new ZmqnetError({ code: 'CONFIG', message, safeToRetry: false, cause })
}

/** One fault stands on the line of the title; several stand below it, one on each line. */
export function describeFaults(title: string, faults: readonly Fault[]): string {
  const lines = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  if (lines.length === 1) return `Fault in ${title}: ${lines[0]}`
  const shown = lines.slice(0, MAX_FAULTS_SHOWN)
  const more = lines.length > shown.length ? [`and ${lines.length - shown.length} more`] : []
  return [`${lines.length} faults in ${title}:`, ...shown, ...more].join('\n  ')
}

/** The title of something as the beginning of a sentence. */
export function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
