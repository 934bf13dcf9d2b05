/**
 * When an operation is due in virtual time, seen from outside: by the clock of its caller, which may go wrong, and with
 * the time that the caller's process was frozen. All judges that know deadlines measure with this one.
 */

import type { Asked, History } from './history.ts'

/** How late an operation may settle beyond its deadline, in milliseconds, while its caller runs. */
export const SETTLE_GRACE_MS = 20

/** By when an operation must have settled, in virtual time: a frozen one does it when it thaws, plus the grace. */
export function latestMs(history: History, asked: Asked): number {
  const { caller: name } = asked
  const dueMs = trueDueMs(history, asked)
  let latest = dueMs + SETTLE_GRACE_MS
  for (const { fromMs, untilMs } of freezesOf(history, name)) {
    if (fromMs <= latest && untilMs >= dueMs) latest = Math.max(latest, untilMs + SETTLE_GRACE_MS)
  }
  return latest
}

/** When the process took no turns, in the order of the beginnings. */
function freezesOf(history: History, name: string): { readonly fromMs: number; readonly untilMs: number }[] {
  const freezes: { readonly fromMs: number; readonly untilMs: number }[] = []
  let pausedMs: number | undefined
  for (const { name: who, kind, atMs, untilMs = atMs } of history.incidents) {
    if (who !== name) continue
    if (kind === 'stall') freezes.push({ fromMs: atMs, untilMs })
    if (kind === 'pause') pausedMs ??= atMs
    if ((kind === 'resume' || kind === 'crash') && pausedMs !== undefined) {
      freezes.push({ fromMs: pausedMs, untilMs: atMs })
      pausedMs = undefined
    }
  }
  if (pausedMs !== undefined) freezes.push({ fromMs: pausedMs, untilMs: Number.POSITIVE_INFINITY })
  return freezes.toSorted((a, b) => a.fromMs - b.fromMs)
}

/** Whether the process crashed in that time. One that is stopped by its user has to settle everything before. */
export function crashed(history: History, name: string, fromMs: number, untilMs: number): boolean {
  return history.incidents.some(
    (incident) =>
      incident.kind === 'crash' &&
      incident.name === name &&
      incident.atMs >= fromMs &&
      incident.atMs <= untilMs,
  )
}

/**
 * When the deadline passes on the clock of the caller, in virtual time. A clock that runs too fast is not held to its
 * own pace, because users may cancel by the true time.
 */
function trueDueMs(history: History, { caller, atMs, deadlineMs }: Asked): number {
  let rate = 1
  let leftMs = deadlineMs
  let sinceMs = atMs
  for (const incident of history.incidents) {
    if (incident.name !== caller || incident.rate === undefined) continue
    const passedMs = Math.max(0, incident.atMs - sinceMs) * Math.min(1, rate)
    if (passedMs > leftMs) break
    leftMs -= passedMs
    sinceMs = Math.max(sinceMs, incident.atMs)
    rate = incident.rate
  }
  return Math.ceil(sinceMs + leftMs / Math.min(1, rate))
}
