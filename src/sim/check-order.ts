/**
 * The judge over links: one-way messages that one run of a sender sent on one link are taken in the order in which they
 * were sent, and where one is missing, its sender was told.
 *
 * A large body may be overtaken while its chunks come in. Links change, and a network that shuffles breaks the order of single messages: neither is the fault of a node, and
 * pairs of messages that this could have touched are left out. Requests have no order: their retries may not.
 */

import type { Asked, Handled, History } from './history.ts'

interface Taken {
  readonly asked: Asked
  /** Where the handler began, in the order of the history. */
  readonly index: number
  readonly run: Handled
}

/** Per link in order, and no silent gap. */
export function linksAreFifo(history: History): string[] {
  const faults: string[] = []
  const receipts = new Set<string>()
  for (const entry of history.entries) {
    if (entry.kind === 'settled' && entry.settlement.kind === 'receipt') receipts.add(entry.id)
  }
  for (const [way, sends] of waysOf(history)) {
    const taken = takenOf(history, sends)
    let latest: Taken | undefined
    let before: Taken | undefined
    const gap: Asked[] = []
    for (const asked of sends) {
      const here = taken.get(asked.id)
      if (here === undefined) {
        gap.push(asked)
        continue
      }
      // Messages on both sides of a silent gap were taken by one run: what lies between was not lost in a crash.
      if (before !== undefined && before.run.incarnation === here.run.incarnation) {
        for (const { id } of gap) {
          if (receipts.has(id))
            faults.push(`${way}: ${id} has a receipt and was never taken; ${asked.id} was`)
        }
      }
      gap.length = 0
      before = here
      if (latest !== undefined && latest.index > here.index && isComparable(history, latest, here)) {
        faults.push(
          `${way}: ${here.asked.id} was taken at ${here.run.atMs} ms, before ${latest.asked.id}, which was sent first`,
        )
      }
      if (asked.isLarge !== true && (latest === undefined || here.index > latest.index)) latest = here
    }
  }
  return faults
}

/** All one-way messages in the order of their calls, by sender and receiver. */
function waysOf(history: History): Map<string, Asked[]> {
  const ways = new Map<string, Asked[]>()
  for (const entry of history.entries) {
    if (entry.kind !== 'asked' || entry.operation !== 'send') continue
    const way = `${entry.caller} to ${entry.callees[0]}`
    const sends = ways.get(way)
    if (sends === undefined) ways.set(way, [entry])
    else sends.push(entry)
  }
  return ways
}

/** Where each message was taken first. */
function takenOf(history: History, sends: readonly Asked[]): Map<string, Taken> {
  const asked = new Map(sends.map((send) => [send.id, send]))
  const taken = new Map<string, Taken>()
  for (const [index, run] of history.entries.entries()) {
    const order = run.kind === 'handled' ? asked.get(run.id) : undefined
    if (run.kind !== 'handled' || order === undefined || taken.has(run.id)) continue
    taken.set(run.id, { asked: order, index, run })
  }
  return taken
}

/** Whether `late`, which was sent before `early` and taken after it, travelled the same undisturbed way. */
function isComparable(history: History, late: Taken, early: Taken): boolean {
  const { caller } = late.asked
  const fromMs = late.asked.atMs
  const untilMs = late.run.atMs
  if (early.run.incarnation !== late.run.incarnation) return false
  if (history.disorders?.some((time) => time.fromMs <= untilMs && time.untilMs >= fromMs)) return false
  const isBetween = (atMs: number): boolean => atMs >= fromMs && atMs <= untilMs
  const restarted = history.incidents.some(({ name, atMs }) => name === caller && isBetween(atMs))
  return (
    !restarted &&
    !history.entries.some(
      (entry) =>
        entry.kind === 'link' &&
        entry.name === caller &&
        entry.peer === late.run.callee &&
        isBetween(entry.atMs),
    )
  )
}
