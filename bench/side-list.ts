/**
 * The sides that are compared, as a table: what each is called, what it can do, and with what settings it runs. bench/README.md
 * says the same in more words.
 */

import { spawnSync } from 'node:child_process'
import type { ScenarioKind } from './scenarios.ts'
import type { SideName, TeamName } from './sides.ts'

export interface Side {
  readonly name: SideName
  /** The head of its column. */
  readonly title: string
  readonly team: TeamName
  /** `ours` is what is judged, `reference` and `peer` what it is judged by. */
  readonly standing: 'ours' | 'reference' | 'peer'
  readonly kinds: readonly ScenarioKind[]
  readonly settings: string
}

export const sides: readonly Side[] = [
  {
    name: 'zmqnet-tcp',
    title: 'zmqnet',
    team: 'zmqnet-tcp',
    standing: 'ours',
    kinds: ['echo', 'oneway', 'broadcast', 'upload'],
    settings: 'defaults but sameHost: false; Buffers; one-way messages with a receipt for each',
  },
  {
    name: 'zmqnet-same-host',
    title: 'zmqnet, same host',
    team: 'zmqnet-same-host',
    standing: 'ours',
    kinds: ['echo', 'oneway', 'broadcast', 'upload'],
    settings: 'defaults, which use ipc on one machine; Buffers; one-way messages with a receipt for each',
  },
  {
    name: 'raw-awaited',
    title: 'raw zeromq.js',
    team: 'raw',
    standing: 'reference',
    kinds: ['echo', 'oneway', 'broadcast', 'upload'],
    settings:
      'ROUTER and DEALER, one frame for each message, a promise for each request; high-water marks 10,000',
  },
  {
    name: 'raw-bare',
    title: 'raw, bare loop',
    team: 'raw',
    standing: 'reference',
    kinds: ['echo', 'broadcast'],
    settings: 'the same without promises: a counter in the loop that receives',
  },
  {
    name: 'moleculer',
    title: 'Moleculer TCP',
    team: 'moleculer',
    standing: 'peer',
    kinds: ['echo', 'oneway'],
    settings:
      'TCP transporter with urls, no UDP discovery, JSON serializer (default), maxPacketSize 64 MiB; texts; events',
  },
  {
    name: 'cote',
    title: 'cote',
    team: 'cote',
    standing: 'peer',
    kinds: ['echo', 'oneway'],
    settings:
      'Requester and Responder, Publisher and Subscriber; discovery by broadcast on 127.255.255.255; texts in JSON',
  },
  {
    name: 'grpc-unary',
    title: 'gRPC unary',
    team: 'grpc',
    standing: 'peer',
    kinds: ['echo', 'upload'],
    settings: 'insecure, Buffers without a codec, no limit of message size, otherwise defaults',
  },
  {
    name: 'grpc-stream',
    title: 'gRPC stream',
    team: 'grpc',
    standing: 'peer',
    kinds: ['echo', 'oneway'],
    settings:
      'the same; one bidirectional stream, replies by their order; one-way messages on a client stream',
  },
  {
    name: 'nats',
    title: 'NATS',
    team: 'nats',
    standing: 'peer',
    kinds: ['echo', 'oneway', 'broadcast', 'upload'],
    settings:
      'core NATS, max_payload 64 MB, noAsyncTraces, otherwise defaults; publish with a flush after each 1000',
  },
]

/** The sides for a choice like "zmqnet,raw,nats": each name takes its family along ("grpc" takes grpc-unary). */
export function chooseSides(choice: string): readonly Side[] {
  if (choice === '') return sides
  const wanted = choice.split(',').map((name) => name.trim())
  const isOf = (side: Side, name: string) => side.name === name || side.name.startsWith(`${name}-`)
  const unknown = wanted.find((name) => !sides.some((side) => isOf(side, name)))
  if (unknown !== undefined) {
    throw new Error(
      `No side is called ${JSON.stringify(unknown)}; there are ${sides.map(({ name }) => name).join(', ')}`,
    )
  }
  return sides.filter((side) => wanted.some((name) => isOf(side, name)))
}

/** Why a side cannot run on this machine; undefined when it can. */
export function obstacleOf({ team }: Side): string | undefined {
  if (team !== 'nats') return undefined
  const { status } = spawnSync('nats-server', ['--version'])
  return status === 0 ? undefined : 'skipped: nats-server is not installed'
}
