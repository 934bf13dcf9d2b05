/**
 * An agent of serf (https://www.serf.io) as a process under test, with its default LAN profile. What it sees is read from its
 * log as it comes: it writes a line for each event at once.
 */

import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { cleanEnvironment } from '../../test/support/environment.ts'
import { Party, type Place, type Spawn } from './party.ts'
import { type SightKind, sharedNowMs } from './sights.ts'

/** A new agent asks so many of the others to take it in, one of which may be away. */
const MAX_JOINS = 3

/** Why serf cannot take part, in words; undefined when it can. */
export function serfObstacle(): string | undefined {
  return serfVersion() === undefined ? 'serf is not installed here (Debian: apt install serf)' : undefined
}

export function serfVersion(): string | undefined {
  const { status, stdout } = spawnSync('serf', ['version'], { encoding: 'utf8' })
  return status === 0
    ? stdout
        .split('\n')[0]
        ?.replace(/^serf\s*v?/i, '')
        .trim()
    : undefined
}

const WORDS: Readonly<Record<string, SightKind>> = {
  EventMemberJoin: 'alive',
  EventMemberFailed: 'dead',
  EventMemberLeave: 'left',
  EventMemberReap: 'dead',
}

/** What a line of the log says of a peer; undefined when it says nothing. */
export function readSerfLine(line: string): { readonly kind: SightKind; readonly peer: string } | undefined {
  const [, word = '', member = ''] = /serf: (EventMember\w+): (\S+)/.exec(line) ?? []
  const kind = WORDS[word]
  if (kind !== undefined) return { kind, peer: member }
  const [, suspect] = /memberlist: Suspect (\S+) has failed/.exec(line) ?? []
  return suspect === undefined ? undefined : { kind: 'suspect', peer: suspect }
}

export const spawnSerf: Spawn = (place, places) => {
  const { name, host, port, controlPort, prefix } = place
  const control = `127.0.0.1:${controlPort}`
  const joins = helpersOf(place, places).map((helper) => `-retry-join=${helper.host}:${helper.port}`)
  const [command = '', ...args] = [
    ...[...prefix, 'serf', 'agent', `-node=${name}`, `-bind=${host}:${port}`, `-rpc-addr=${control}`],
    ...['-profile=lan', '-log-level=info', '-retry-interval=1s', ...joins],
  ]
  const child = spawn(command, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] })
  const party = new Party(name, child)
  createInterface({ input: child.stdout }).on('line', (line) => {
    const atMs = sharedNowMs()
    const sight = readSerfLine(line)
    if (sight === undefined) return
    if (sight.peer !== name) party.sights.note({ atMs, ...sight })
    else if (Number.isNaN(party.listeningAtMs)) party.listeningAtMs = atMs
  })
  // A failed member is asked again only every 30 s; an operator would not wait for that either.
  party.nudge = () => {
    const targets = helpersOf(place, places).map((helper) => `${helper.host}:${helper.port}`)
    const [join = '', ...rest] = [...prefix, 'serf', 'join', `-rpc-addr=${control}`, ...targets]
    spawn(join, rest, { stdio: 'ignore' }).on('error', () => undefined)
  }
  return party
}

/** The next ones in the list, round and round. */
function helpersOf(place: Place, places: readonly Place[]): readonly Place[] {
  const index = places.indexOf(place)
  return [...places.slice(index + 1), ...places.slice(0, index)].slice(0, MAX_JOINS)
}
