/**
 * What a run leaves behind, as JSON: the machine, the versions, the settings, the value of every round, and what follows from
 * these. The tables are made from it, also later.
 */

import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { bestOf, type Figure, ratioBetween, valuesOf } from './figures.ts'
import { sides } from './side-list.ts'
import type { SideName } from './sides.ts'
import { type Spread, spreadOf } from './statistics.ts'
import { judge, PEERS, targets, type Verdict } from './targets.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly platform: string
  readonly node: string
}

export interface Results {
  readonly date: string
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string | number>>
  readonly sides: Readonly<Partial<Record<SideName, string>>>
  /** Sides that did not run at all, with the reason. */
  readonly skipped: Readonly<Partial<Record<SideName, string>>>
  readonly figures: readonly Figure[]
}

/** The numbers that follow from the rounds of one figure. */
export interface Summary {
  readonly title: string
  readonly unit: string
  readonly medians: Readonly<Partial<Record<SideName, Spread>>>
  readonly toRaw: Readonly<Partial<Record<SideName, Spread>>>
  readonly bestPeer: SideName | undefined
  readonly toBestPeer: Readonly<Partial<Record<SideName, Spread>>>
}

export function summaryOf(figure: Figure): Summary {
  const bestPeer = bestOf(figure, PEERS)
  const medians: Partial<Record<SideName, Spread>> = {}
  const toRaw: Partial<Record<SideName, Spread>> = {}
  const toBestPeer: Partial<Record<SideName, Spread>> = {}
  for (const { name } of sides) {
    const values = valuesOf(figure, name)
    if (values === undefined) continue
    medians[name] = spreadOf(values)
    const overRaw = ratioBetween(figure, name, 'raw-awaited')
    if (overRaw !== undefined) toRaw[name] = overRaw
    const overPeer = bestPeer === undefined ? undefined : ratioBetween(figure, name, bestPeer)
    if (overPeer !== undefined) toBestPeer[name] = overPeer
  }
  return { title: figure.title, unit: figure.unit, medians, toRaw, bestPeer, toBestPeer }
}

/** Everything about a run in one object, what was computed beside what was measured. */
export function completeResults(results: Results): Results & {
  readonly summary: readonly Summary[]
  readonly targets: readonly Verdict[]
} {
  const { figures } = results
  return {
    ...results,
    summary: figures.map(summaryOf),
    targets: targets.map((target) => judge(target, figures)),
  }
}

export function thisMachine(): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  }
}

const PACKAGES = ['zeromq', 'moleculer', 'cote', '@grpc/grpc-js', '@nats-io/transport-node']

/** The versions of all that takes part; the one of nats-server only where it is installed. */
export async function versionsNow(natsServer: string | undefined): Promise<Record<string, string>> {
  const top = new URL('../../', import.meta.url)
  const versions: Record<string, string> = { zmqnet: versionIn(new URL('package.json', top)) }
  for (const name of PACKAGES) versions[name] = versionIn(new URL(`node_modules/${name}/package.json`, top))
  versions.libzmq = (await import('zeromq')).version
  if (natsServer !== undefined) versions['nats-server'] = natsServer
  return versions
}

function versionIn(path: URL): string {
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version
}
