/**
 * The judges over what nodes hold: while they run, never more than their users have under way; when they have closed,
 * nothing. A leak shows long before it fills a memory, and without knowing a single collection from inside.
 */

import { latestMs } from './due-times.ts'
import type { Asked, History, Remains } from './history.ts'

/**
 * The most that a node may say is not over, for each peer: 65,536 requests, 32,768 one-way messages under way and
 * 65,536 that wait, and 16,384 running handlers each of requests and of one-way messages. (docs/architecture.md, Bounds)
 */
export const MAX_PENDING_PER_PEER = 65_536 + 32_768 + 65_536 + 2 * 16_384

/**
 * What a node says is not over (`pending`) is at most what its users see under way: operations that did not settle, one
 * for each callee and one for the whole, calls that have come in and wait for their turn, and handlers that run. A broadcast
 * that is over, because it waits for nobody any more, still goes out to those who may come back, until its deadline. Nobody
 * outside sees when a call comes in: it may wait from when it was asked until a handler runs for it or its time is over.
 */
export function staysBounded(history: History): string[] {
  const faults: string[] = []
  const underWay = new UnderWay()
  const most = MAX_PENDING_PER_PEER * Math.max(1, history.names.length - 1)
  let nextIncident = 0
  const broadcasts = new Map<string, Asked>()
  const calls = new Map<string, Call>()
  const wait = ({ id, callees, dueMs }: Call, callee: string): void => {
    if (!callees.has(callee)) return
    underWay.add(callee, waitOf(id, callee), 1)
    underWay.endAfter(waitOf(id, callee), dueMs)
  }
  const settle = (id: string): void => {
    const broadcast = broadcasts.get(id)
    if (broadcast === undefined) underWay.end(id)
    else underWay.endAfter(id, latestMs(history, broadcast))
  }
  for (const entry of history.entries) {
    for (; nextIncident < history.incidents.length; nextIncident += 1) {
      const incident = history.incidents[nextIncident]
      if (incident === undefined || incident.atMs >= entry.atMs) break
      if (incident.kind !== 'crash' && incident.kind !== 'stop') continue
      underWay.forget(incident.name)
      // The next run may be asked again.
      for (const call of calls.values()) if (call.dueMs >= incident.atMs) wait(call, incident.name)
    }
    if (entry.kind === 'asked') {
      underWay.add(entry.caller, entry.id, entry.callees.length + 1)
      // An abort that comes after the end takes nothing back.
      const { deadlineMs, wholeMs = deadlineMs } = entry
      const whole = { ...entry, deadlineMs: wholeMs }
      if (entry.operation === 'broadcast') broadcasts.set(entry.id, whole)
      const call = { id: entry.id, callees: new Set(entry.callees), dueMs: latestMs(history, whole) }
      calls.set(entry.id, call)
      for (const callee of call.callees) wait(call, callee)
    } else if (entry.kind === 'settled') settle(entry.id)
    else if (entry.kind === 'handled') {
      underWay.end(waitOf(entry.id, entry.callee))
      underWay.add(entry.callee, runOf(entry), 1)
    } else if (entry.kind === 'finished') underWay.end(runOf(entry))
    else if (entry.kind === 'counted') {
      const { name, pending, atMs } = entry
      underWay.endDue(atMs)
      const seen = underWay.of(name)
      if (pending > seen) {
        faults.push(`${name} holds ${pending} at ${atMs} ms, while ${seen} are under way`)
      } else if (pending > most) {
        faults.push(`${name} holds ${pending} at ${atMs} ms, more than ${most}`)
      }
    }
  }
  return faults
}

/**
 * A node that has closed has no alarm, no open socket, and nothing pending but handlers: those of its user that took longer than
 * it was given to close, on its own clock, which may have jumped.
 */
export function nothingRemains(history: History): string[] {
  return (history.remains ?? []).flatMap((remains) => {
    const { name, atMs, pending, hasAlarm, sockets } = remains
    const held = pending > 0 ? Math.max(0, pending - runningAt(history, remains)) : 0
    const what = [
      ...(held > 0 ? [`${held} pending`] : []),
      ...(hasAlarm ? ['an alarm'] : []),
      ...(sockets > 0 ? ['open sockets'] : []),
    ]
    return what.length === 0 ? [] : [`${name} closed at ${atMs} ms and left ${what.join(', ')}`]
  })
}

/** How many handlers of a run had begun and not ended when it closed. */
function runningAt({ entries }: History, { name, incarnation, atMs }: Remains): number {
  const running = new Set<string>()
  for (const entry of entries) {
    if (entry.atMs > atMs) break
    if (entry.kind !== 'handled' && entry.kind !== 'finished') continue
    if (entry.callee !== name || entry.incarnation !== incarnation) continue
    if (entry.kind === 'handled') running.add(entry.id)
    // One that ended in the same millisecond may have done so afterwards.
    else if (entry.atMs < atMs) running.delete(entry.id)
  }
  return running.size
}

function runOf({ id, callee, incarnation }: { id: string; callee: string; incarnation: number }): string {
  return `${id} at ${callee} ${incarnation}`
}

function waitOf(id: string, callee: string): string {
  return `${id} before its turn at ${callee}`
}

/** Something that was asked, as long as it may come in. */
interface Call {
  readonly id: string
  readonly callees: ReadonlySet<string>
  readonly dueMs: number
}

/** What is under way, by the node that it is under way at. */
class UnderWay {
  readonly #items = new Map<string, { readonly name: string; readonly weight: number }>()
  readonly #due = new Map<string, number>()
  readonly #sums = new Map<string, number>()

  add(name: string, id: string, weight: number): void {
    this.end(id)
    this.#items.set(id, { name, weight })
    this.#sums.set(name, this.of(name) + weight)
  }

  end(id: string): void {
    const item = this.#items.get(id)
    if (item === undefined) return
    this.#items.delete(id)
    this.#sums.set(item.name, this.of(item.name) - item.weight)
  }

  /** It ends by itself, after that moment at the latest. */
  endAfter(id: string, dueMs: number): void {
    this.#due.set(id, dueMs)
  }

  endDue(nowMs: number): void {
    for (const [id, dueMs] of this.#due) {
      if (dueMs >= nowMs) continue
      this.#due.delete(id)
      this.end(id)
    }
  }

  of(name: string): number {
    return this.#sums.get(name) ?? 0
  }

  /** The node died: what it had under way went with it. */
  forget(name: string): void {
    for (const [id, item] of this.#items) if (item.name === name) this.end(id)
  }
}
