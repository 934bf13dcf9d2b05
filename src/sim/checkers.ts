/**
 * The promises of the mesh as judges over a history. Each checker is a pure function from a history to the sentences
 * that say what is wrong with it; an empty list means that the promise was kept.
 *
 * They stand outside of the nodes on purpose, and know nothing of how a node keeps a promise.
 */

import { nothingRemains, staysBounded } from './check-leaks.ts'
import { linksAreFifo } from './check-order.ts'
import { crashed, latestMs } from './due-times.ts'
import type { Asked, Handled, History, Settled, Settlement } from './history.ts'

/** One judge. */
export type Checker = (history: History) => string[]

/** All judges, by the promise that they look after. */
export const CHECKERS: { readonly [promise: string]: Checker } = {
  'every operation settles exactly once and by its deadline': settlesOnceInTime,
  'no handler runs twice for one request': runsOnce,
  'acked and missing are exactly the expected peers': talliesAddUp,
  'outcomes are honest': outcomesAreHonest,
  'on one link messages keep their order, and none is lost in silence': linksAreFifo,
  'no collection grows beyond what is under way': staysBounded,
  'a closed node holds nothing': nothingRemains,
  'after healing all see all others alive': allAlive,
  'after healing no transfer is left': noTransferLeft,
}

/** Lets all judges look at a history; gives their sentences, each with the promise that was broken. */
export function judge(history: History): string[] {
  return Object.entries(CHECKERS).flatMap(([promise, check]) =>
    check(history).map((fault) => `${promise}: ${fault}`),
  )
}

/** Every operation settles exactly once, by its deadline and a little; unless its caller crashed first. */
export function settlesOnceInTime(history: History): string[] {
  const settled = groupById(history.entries.filter((entry) => entry.kind === 'settled'))
  const faults: string[] = []
  for (const asked of askedOf(history)) {
    const ends = settled.get(asked.id) ?? []
    settled.delete(asked.id)
    const dueMs = latestMs(history, asked)
    const [end, second] = ends
    if (second !== undefined) faults.push(`${nameOf(asked)} settled ${ends.length} times`)
    if (end === undefined) {
      const diedFirst = crashed(history, asked.caller, asked.atMs, dueMs)
      if (!diedFirst && dueMs < history.endMs) faults.push(`${nameOf(asked)} did not settle by ${dueMs} ms`)
    } else if (end.atMs > dueMs) {
      faults.push(`${nameOf(asked)} settled at ${end.atMs} ms, later than ${dueMs} ms`)
    }
  }
  for (const id of settled.keys()) faults.push(`${id} settled but was never asked`)
  return faults
}

/**
 * No handler runs twice for one operation in one run of the callee; and, unless the caller called it idempotent, not
 * in two runs either. The caller that the handler is told is the one that asked.
 */
export function runsOnce(history: History): string[] {
  const asked = new Map(askedOf(history).map((entry) => [entry.id, entry]))
  const runs = new Map<string, Handled>()
  const faults: string[] = []
  for (const run of handledOf(history)) {
    const order = asked.get(run.id)
    if (order === undefined) {
      faults.push(`${run.callee} ran a handler at ${run.atMs} ms for ${run.id}, which nobody asked for`)
      continue
    }
    if (run.caller !== order.caller) faults.push(`${nameOf(order)} came to its handler as from ${run.caller}`)
    if (!order.callees.includes(run.callee)) faults.push(`${nameOf(order)} was handled by ${run.callee}`)
    const key = `${run.id} ${run.callee} ${order.idempotent ? run.incarnation : ''}`
    const first = runs.get(key)
    if (first === undefined) {
      runs.set(key, run)
    } else {
      const where =
        first.incarnation === run.incarnation ? 'in one run of it' : 'before and after its restart'
      faults.push(
        `${nameOf(order)} ran twice at ${run.callee}, ${where}: at ${first.atMs} and at ${run.atMs} ms`,
      )
    }
  }
  return faults
}

/** A tally names every expected peer once, either as acked or as missing, and nobody else. */
export function talliesAddUp(history: History): string[] {
  const faults: string[] = []
  for (const [asked, settlement] of settlementsOf(history)) {
    if (settlement.kind !== 'tally') continue
    const { acked, missing, expected } = settlement
    const names = [...acked, ...missing].map(({ peer }) => peer)
    const what = `${nameOf(asked)} with acked [${acked.map(({ peer }) => peer)}] and missing [${missing.map(({ peer }) => peer)}]`
    if (new Set(names).size !== names.length) faults.push(`${what} names a peer twice`)
    if (names.length !== expected) faults.push(`${what} expected ${expected}`)
    for (const name of names)
      if (!asked.callees.includes(name)) faults.push(`${what} names ${name}, who was not asked`)
  }
  return faults
}

/**
 * What a caller is told is true: a reply or an ack means that the handler ran for this very question, and `not-sent`,
 * `rejected` or "safe to retry" mean that it never did, not even later.
 */
export function outcomesAreHonest(history: History): string[] {
  const runs = groupById(handledOf(history))
  const faults: string[] = []
  for (const [asked, settlement] of settlementsOf(history)) {
    const ranAt = (callee: string): boolean =>
      runs.get(asked.id)?.some((run) => run.callee === callee) ?? false
    for (const fault of dishonesty(asked, settlement, ranAt, history))
      faults.push(`${nameOf(asked)} ${fault}`)
  }
  return faults
}

/** The last views that nodes gave say that every other member is alive, in the run that it is in. A history without views is not judged. */
export function allAlive(history: History): string[] {
  const faults: string[] = []
  const views = new Map(
    history.entries.flatMap((entry) => (entry.kind === 'saw' ? [[entry.name, entry]] : [])),
  )
  if (views.size === 0) return []
  for (const name of history.names) if (!views.has(name)) faults.push(`${name} was not up to look`)
  for (const [name, { atMs, peers }] of views) {
    const seen = new Map(peers.map((peer) => [peer.name, peer]))
    for (const other of history.names.filter((member) => member !== name)) {
      const { state = 'unknown', incarnation } = seen.get(other) ?? {}
      const own = views.get(other)?.incarnation
      if (state !== 'alive') faults.push(`${name} sees ${other} as ${state} at ${atMs} ms`)
      else if (own !== undefined && incarnation !== own)
        faults.push(`${name} sees run ${incarnation} of ${other} at ${atMs} ms, and it is run ${own}`)
    }
  }
  return faults
}

/** The last views that nodes gave say that no large body is on its way any more: all was settled long before. */
export function noTransferLeft(history: History): string[] {
  const views = new Map(
    history.entries.flatMap((entry) => (entry.kind === 'saw' ? [[entry.name, entry]] : [])),
  )
  return [...views.values()].flatMap(({ name, transfers, atMs }) =>
    transfers === 0 ? [] : [`${name} has ${transfers} transfers at ${atMs} ms`],
  )
}

/** Where nothing goes wrong nothing fails, but for what a handler fails on purpose. Not a promise for rough networks. */
export function allEndWell(history: History): string[] {
  return settlementsOf(history).flatMap(([asked, settlement]) => {
    const isGood =
      settlement.kind === 'tally'
        ? settlement.missing.every(({ reason }) => reason === 'refused')
        : settlement.kind !== 'error' || settlement.code === 'HANDLER_FAILED'
    return isGood ? [] : [`in peace, ${nameOf(asked)} ended as ${describe(settlement)}`]
  })
}

function describe(settlement: Settlement): string {
  if (settlement.kind === 'error') return settlement.code
  return settlement.kind === 'tally'
    ? settlement.missing.map(({ reason }) => reason).join(', ')
    : settlement.kind
}

function dishonesty(
  asked: Asked,
  settlement: Settlement,
  ranAt: (callee: string) => boolean,
  history: History,
): string[] {
  const [callee = ''] = asked.callees
  switch (settlement.kind) {
    case 'reply':
      if (settlement.id !== asked.id) return [`got the reply to ${settlement.id}`]
      return settlement.by === callee && ranAt(callee) ? [] : [`got a reply, but ${callee} never ran it`]
    case 'receipt': {
      // Delivered means that the node had it; a crash may come before its handler.
      const died = crashed(history, callee, asked.atMs, history.endMs)
      return ranAt(callee) || died ? [] : [`got a receipt, but ${callee} never ran it`]
    }
    case 'tally':
      return [
        ...settlement.acked.flatMap(({ peer, id }) =>
          id === asked.id ? [] : [`got an ack of ${peer} for ${id}`],
        ),
        ...settlement.acked.flatMap(({ peer }) =>
          ranAt(peer) ? [] : [`got an ack of ${peer}, who never ran it`],
        ),
        ...settlement.missing.flatMap(({ peer, reason }) =>
          reason === 'not-sent' && ranAt(peer) ? [`was told not sent to ${peer}, who ran it`] : [],
        ),
      ]
    case 'error': {
      const { code, outcome, safeToRetry, text } = settlement
      if (code === 'UNKNOWN_ERROR') return [`failed with what is no ZmqnetError: ${text}`]
      const ran = ranAt(callee)
      const denies = outcome === 'not-sent' || outcome === 'rejected' || (safeToRetry && !asked.idempotent)
      if (ran && denies) {
        return [
          `was told ${code} (${outcome}, ${safeToRetry ? '' : 'not '}safe to retry), but ${callee} ran it`,
        ]
      }
      return outcome === 'handled' && !ran
        ? [`was told that it was handled (${code}), but ${callee} never ran it`]
        : []
    }
  }
}

function askedOf(history: History): Asked[] {
  return history.entries.filter((entry) => entry.kind === 'asked')
}

function handledOf(history: History): Handled[] {
  return history.entries.filter((entry) => entry.kind === 'handled')
}

function settlementsOf(history: History): (readonly [Asked, Settlement])[] {
  const settled = groupById<Settled>(history.entries.filter((entry) => entry.kind === 'settled'))
  return askedOf(history).flatMap((asked) =>
    (settled.get(asked.id) ?? []).map(({ settlement }) => [asked, settlement] as const),
  )
}

function groupById<T extends { readonly id: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.id)
    if (group === undefined) groups.set(item.id, [item])
    else group.push(item)
  }
  return groups
}

function nameOf(asked: Asked): string {
  return `${asked.operation} ${asked.id} (${asked.caller} to ${asked.callees.join('+')}, asked at ${asked.atMs} ms)`
}
