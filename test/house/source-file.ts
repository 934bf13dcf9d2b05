/**
 * Reads TypeScript as the house rules see it: the text, the same text with comments and the contents of strings blanked
 * (so that a word in a sentence is not taken for code), and the imports. No parser: TypeScript 7 offers none to
 * programs, and these rules need no more than tokens.
 *
 * Blanking keeps every position and every line break, so that an offset in one text is the same place in the other.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** One import or re-export. */
export interface Import {
  /** As written: "./backoff.ts", "node:fs", "zeromq"; undefined for `import(expression)`. */
  readonly specifier: string | undefined
  /** For a relative one, the path that it means: "src/rpc/backoff.ts". */
  readonly target: string | undefined
  /** Whether it vanishes when compiled. */
  readonly typeOnly: boolean
  readonly line: number
}

export interface SourceFile {
  /** From the top of the project, with "/". */
  readonly path: string
  readonly text: string
  /** The text without comments and without what stands in strings. */
  readonly code: string
  readonly imports: readonly Import[]
}

/** What a rule found: where, and a sentence. */
export interface Violation {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** Violations as lines for a test's message: "src/rpc/caller.ts:12: Pure code ...". */
export function linesOf(violations: readonly Violation[]): readonly string[] {
  return violations.map(({ path, line, message }) => `${path}:${line}: ${message}`)
}

/** All files below a folder of the project whose names end in `suffix`, sorted. */
export function pathsUnder(folder: string, suffix: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) return pathsUnder(path, suffix)
      return entry.isFile() && path.endsWith(suffix) ? [path] : []
    })
    .sort()
}

/** Reads all TypeScript below a folder. The tests run at the top of the project. */
export function readSources(folder: string): readonly SourceFile[] {
  return pathsUnder(folder, '.ts').map((path) =>
    sourceFile(path, readFileSync(join(process.cwd(), path), 'utf8')),
  )
}

export function sourceFile(path: string, text: string): SourceFile {
  const code = blank(text)
  return { path, text, code, imports: importsOf(path, text, code) }
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

const STATIC = /^[ \t]*(?:import|export)\b([^;'"`()]*?)\bfrom\s*(['"])( *)\2/gm
const BARE = /^[ \t]*import\s*(['"])( *)\1/gm
const DYNAMIC = /\bimport\s*\(\s*(?:(['"`])( *)\1)?/g

function importsOf(path: string, text: string, code: string): readonly Import[] {
  const found: Import[] = []
  const add = (end: number, length: number | undefined, typeOnly: boolean): void => {
    const specifier = length === undefined ? undefined : text.slice(end - 1 - length, end - 1)
    const target = specifier?.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
    found.push({ specifier, target, typeOnly, line: lineAt(text, end - 1) })
  }
  for (const match of code.matchAll(STATIC)) {
    add(match.index + match[0].length, match[3]?.length, isTypeOnly(match[1] ?? ''))
  }
  for (const match of code.matchAll(BARE)) add(match.index + match[0].length, match[2]?.length, false)
  for (const match of code.matchAll(DYNAMIC)) add(match.index + match[0].length, match[2]?.length, false)
  return found
}

/** `import type ...`, or braces in which every name says `type`. */
function isTypeOnly(clause: string): boolean {
  if (/^\s+type\s/.test(clause)) return true
  const names = /^\s*\{([^}]*)\}\s*$/
    .exec(clause)?.[1]
    ?.split(',')
    .filter((name) => name.trim() !== '')
  return names !== undefined && names.length > 0 && names.every((name) => /^\s*type\s/.test(name))
}

/** After these a slash starts a regular expression; after a name, a number or a closing bracket it divides. */
const BEFORE_PATTERN = /(?:^|[=(,:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void))$/

/** What can be blanked as a whole: comments, strings, and templates as far as their first `${`. */
const PIECES: readonly (readonly [string, RegExp])[] = [
  ['//', /\/\/[^\n]*/y],
  ['/*', /\/\*[\s\S]*?(?:\*\/|$)/y],
  ["'", /'(?:[^'\\\n]|\\[\s\S])*'?/y],
  ['"', /"(?:[^"\\\n]|\\[\s\S])*"?/y],
]
const PATTERN = /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{|$)/y

/** Blanks comments and the contents of strings, templates and regular expressions; code in `${}` stays. */
export function blank(text: string): string {
  let out = ''
  /** For each template that is open around this place, how many braces are open in its `${}`. */
  const templates: number[] = []
  const take = (pattern: RegExp, keepEnds: number): string => {
    pattern.lastIndex = out.length
    const piece = pattern.exec(text)?.[0] ?? text[out.length] ?? ''
    const inner = piece.slice(keepEnds, piece.length - keepEnds).replace(/[^\n]/g, ' ')
    out += piece.slice(0, keepEnds) + inner + (keepEnds === 0 ? '' : piece.slice(keepEnds + inner.length))
    return piece
  }
  const takeTemplate = (): void => {
    const piece = take(TEMPLATE, 0)
    const end = piece.endsWith('${') ? '${' : piece.endsWith('`') ? '`' : ''
    out = out.slice(0, out.length - end.length) + end
    if (end === '${') templates.push(0)
  }
  while (out.length < text.length) {
    const rest = text.slice(out.length, out.length + 2)
    const piece = PIECES.find(([start]) => rest.startsWith(start))
    const depth = templates.at(-1)
    if (piece !== undefined) take(piece[1], piece[0].length === 1 ? 1 : 0)
    else if (rest[0] === '/' && BEFORE_PATTERN.test(out.slice(-40).trimEnd())) take(PATTERN, 1)
    else if (rest[0] === '`') {
      out += '`'
      takeTemplate()
    } else if (rest[0] === '}' && depth === 0) {
      templates.pop()
      out += '}'
      takeTemplate()
    } else {
      if (depth !== undefined && rest[0] === '{') templates[templates.length - 1] = depth + 1
      if (depth !== undefined && rest[0] === '}') templates[templates.length - 1] = depth - 1
      out += rest[0]
    }
  }
  return out
}
