/**
 * Purity: the protocol code is synchronous and takes time and chance as arguments, so that whole clusters can be replayed
 * from a seed. This program bans the names by which code reaches for the world. It covers the pure rooms, node/core.ts,
 * and whatever core.ts imports from its own room at run time.
 *
 * A ban of names does not prove purity; it catches every way that was ever taken by accident.
 */

import { PURE_ROOMS, roomOf } from './layers.ts'
import { lineAt, type SourceFile, type Violation } from './source-file.ts'

const CORE = 'src/node/core.ts'

/** Not a part of a longer name, and not a property of something of our own. */
const name = (words: string) => new RegExp(`(?<![\\w$#.])(?:${words})(?![\\w$])`, 'g')

const BANS: readonly (readonly [RegExp, string])[] = [
  [
    /(?<![\w$#.])Date\s*\.\s*\w+|(?<!instanceof\s+|new\s+)(?<![\w$#.])Date\s*\(|\bnew\s+Date\b\s*(?!\(\s*[^\s)])/g,
    'time',
  ],
  [name('performance|hrtime'), 'time'],
  [
    name('setTimeout|setInterval|setImmediate|clearTimeout|clearInterval|clearImmediate|AbortSignal'),
    'a timer',
  ],
  [/\bMath\s*\.\s*random\b/g, 'chance'],
  [name('crypto|randomUUID|randomBytes'), 'chance'],
  [name('async|await|Promise|queueMicrotask'), 'asynchronous code'],
  [/\bnextTick\b|\bSymbol\s*\.\s*asyncIterator\b/g, 'asynchronous code'],
  [
    name('console|process|globalThis|global|require|fetch|WebSocket|Worker|SharedArrayBuffer|Atomics'),
    'the world',
  ],
  [name('WeakRef|FinalizationRegistry'), 'the garbage collector'],
]

export function checkPurity(sources: readonly SourceFile[]): readonly Violation[] {
  return pureOnes(sources).flatMap((source) => [...bannedNames(source), ...nodeImports(source)])
}

/** The files that have to be pure. */
export function pureOnes(sources: readonly SourceFile[]): readonly SourceFile[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const pure = new Set(sources.filter((source) => PURE_ROOMS.includes(roomOf(source.path))))
  const core = byPath.get(CORE)
  const waiting = core === undefined ? [] : [core]
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    if (pure.has(source)) continue
    pure.add(source)
    for (const { target, typeOnly } of source.imports) {
      const next = typeOnly || target === undefined ? undefined : byPath.get(target)
      if (next?.path.startsWith('src/node/')) waiting.push(next)
    }
  }
  return [...pure]
}

function bannedNames(source: SourceFile): readonly Violation[] {
  return BANS.flatMap(([pattern, what]) =>
    [...source.code.matchAll(pattern)].map((match) => ({
      path: source.path,
      line: lineAt(source.code, match.index),
      message: `Pure code must not reach for ${what}: ${match[0].trim()}`,
    })),
  )
}

function nodeImports(source: SourceFile): readonly Violation[] {
  return source.imports
    .filter(({ specifier }) => specifier?.startsWith('node:'))
    .map(({ specifier, line }) => ({
      path: source.path,
      line,
      message: `Pure code must not import ${specifier}`,
    }))
}
