/**
 * The rooms of src/ and the doors between them (docs/architecture.md): which room may import which, and which package
 * may be imported where. Imports go one way: base, wire, the protocol rooms, node, index, cli.
 *
 * Biome checks the same while one types; this program also sees what its patterns cannot: rooms that nobody planned, and
 * imports that are only half visible to a pattern.
 */

import type { Import, SourceFile, Violation } from './source-file.ts'

const PROTOCOL = [
  'rpc',
  'oneway',
  'session',
  'transfer',
  'broadcast',
  'liveness',
  'membership',
  'discovery',
  'topics',
  'model',
  'security',
]

/** For each room, the rooms and files that it may import besides its own. `types:` allows only what vanishes. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  base: [],
  wire: ['base', 'types:errors.ts'],
  ...Object.fromEntries(PROTOCOL.map((room) => [room, ['base', 'wire', 'types:errors.ts']])),
  membership: ['base', 'wire', 'liveness', 'types:errors.ts'],
  transport: ['base'],
  node: ['base', 'wire', ...PROTOCOL, 'transport', 'errors.ts'],
  sim: ['base', 'wire', 'node', 'transport/transport.ts', 'index.ts', 'errors.ts'],
  'index.ts': ['base', 'wire', ...PROTOCOL, 'node', 'errors.ts'],
  cli: ['index.ts', 'sim', 'errors.ts'],
}

/** Who may import which package. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  zeromq: /^src\/transport\/zmq[^/]*\.ts$/,
  msgpackr: /^src\/wire\//,
  winston: /^src\/(node|cli)\//,
  yargs: /^src\/cli\//,
  'yargs-parser': /^src\/cli\//,
}

/** The rooms that must not touch Node.js: they run on virtual time, and in any JavaScript engine. */
export const PURE_ROOMS: readonly string[] = ['base', 'wire', ...PROTOCOL]

/** The room of a path: its folder below src, or the file itself where it stands in none. */
export function roomOf(path: string): string {
  return path.split('/')[1] ?? path
}

export function checkLayers(sources: readonly SourceFile[]): readonly Violation[] {
  return sources.flatMap((source) => {
    const room = roomOf(source.path)
    if (DOORS[room] === undefined) {
      return [{ path: source.path, line: 1, message: `There is no room "${room}" in the plan of the house` }]
    }
    return source.imports.flatMap((one) => {
      const message = faultOf(source.path, room, one)
      return message === undefined ? [] : [{ path: source.path, line: one.line, message }]
    })
  })
}

function faultOf(path: string, room: string, one: Import): string | undefined {
  const { specifier, target, typeOnly } = one
  if (specifier === undefined) {
    return 'An import of an expression cannot be checked; write the path as a text'
  }
  if (target !== undefined) return doorFault(room, target, typeOnly)
  if (specifier.startsWith('node:')) {
    return PURE_ROOMS.includes(room) ? `${room} is pure and cannot import "${specifier}"` : undefined
  }
  const name = specifier.split('/')[specifier.startsWith('@') ? 1 : 0] ?? specifier
  const where = Object.hasOwn(PACKAGES, name) ? PACKAGES[name] : undefined
  if (where === undefined) return `"${specifier}" is no run-time dependency of the project`
  return where.test(path)
    ? undefined
    : `"${specifier}" may be imported only by ${where.source.replaceAll('\\', '')}`
}

function doorFault(room: string, target: string, typeOnly: boolean): string | undefined {
  if (!target.startsWith('src/')) return `${room} imports ${target}, which is outside of src`
  const other = roomOf(target)
  if (other === room) return undefined
  const doors = DOORS[room] ?? []
  const file = target.slice('src/'.length)
  if (doors.includes(other) || doors.includes(file)) return undefined
  if (typeOnly && doors.includes(`types:${other}`)) return undefined
  return `${room} must not import ${file}${doors.includes(`types:${other}`) ? ' but for its types' : ''}`
}
