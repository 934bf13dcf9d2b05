/**
 * The shape of files: sizes, header comments, names, and a few constructs that the house does without. The limits are
 * those of CONTRIBUTING.md. They stop the one file where everything meets from growing without end, which is where code
 * bases of this kind go bad first.
 */

import { lineAt, type SourceFile, type Violation } from './source-file.ts'

const MAX_FILE_LINES = 400
/** The file where all machines meet only routes; when it wants a rule, a machine is missing. */
const MAX_CORE_LINES = 300
const MAX_FUNCTION_LINES = 60
/** A test may say in one line what it is about; its names say the rest. */
const MIN_HEADER_LINES = { src: 3, elsewhere: 1 }
const MAX_HEADER_LINES = 20

type Check = (source: SourceFile) => readonly Violation[]

/** The rules for everything that is written in TypeScript. */
export function checkShape(sources: readonly SourceFile[]): readonly Violation[] {
  const checks: readonly Check[] = [size, header, fileName, constructs, functionSizes]
  return sources.flatMap((source) => checks.flatMap((check) => check(source)))
}

/** The rules for tests alone: none is left out of the run, none sleeps. */
export function checkTests(sources: readonly SourceFile[]): readonly Violation[] {
  return sources.flatMap((source) => [
    ...matches(source, /\btest(?:\.\w+)*\.(?:only|skip|failing|todo)\s*\(/g, 'A test must run and count'),
    ...matches(
      source,
      /\b(?:sleep|delay)\s*\(\s*\d+/g,
      'A test waits for an event with a deadline; it does not sleep',
    ),
  ])
}

function size(source: SourceFile): readonly Violation[] {
  const lines = source.text.trimEnd().split('\n').length
  const limit = source.path === 'src/node/core.ts' ? MAX_CORE_LINES : MAX_FILE_LINES
  return lines <= limit ? [] : [violation(source, limit, `The file has ${lines} lines, more than ${limit}`)]
}

function header(source: SourceFile): readonly Violation[] {
  const [comment] = /^(?:#![^\n]*\n)?\/\*\*[\s\S]*?\*\//.exec(source.text) ?? []
  if (comment === undefined)
    return [violation(source, 1, 'The file does not start with a comment that says what it is')]
  const lines = comment.split('\n').length
  const least = source.path.startsWith('src/') ? MIN_HEADER_LINES.src : MIN_HEADER_LINES.elsewhere
  if (lines >= least && lines <= MAX_HEADER_LINES) return []
  return [violation(source, 1, `The header has ${lines} lines; wanted are ${least} to ${MAX_HEADER_LINES}`)]
}

function fileName(source: SourceFile): readonly Violation[] {
  const name = source.path.split('/').at(-1) ?? ''
  if (/^(?:utils?|helpers?|types|common|misc|shared)\./.test(name)) {
    return [violation(source, 1, `The name ${name} says nothing; name the file after its idea`)]
  }
  return /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z-]+)*\.ts$/.test(name)
    ? []
    : [violation(source, 1, `The name ${name} is not in lower case with hyphens`)]
}

function constructs(source: SourceFile): readonly Violation[] {
  return [
    ...matches(source, /^[ \t]*export\s*\*/gm, 'Public names are listed one by one; no export *'),
    ...matches(source, /^[ \t]*export\s+default\b/gm, 'Exports have names; no export default'),
    ...matches(source, /(?<![\w$.])enum\s+[A-Z]\w*\s*\{/g, 'A union of texts instead of an enum'),
    ...matches(source, /(?<![\w$.])namespace\s+\w+\s*\{/g, 'A module instead of a namespace'),
  ]
}

/** The first line of a declared function, or of a method, as the formatter indents it. */
const FUNCTION =
  /^(?:(?:export )?(?:async )?function\b| {2}(?:(?:static|async|get|set|override|private) )*[\w#*[\].]+(?:<[^>]*>)?\().*/

/** Measures declared functions and methods. It relies on the formatter: the closing brace stands where the first line began. */
function functionSizes(source: SourceFile): readonly Violation[] {
  const lines = source.code.split('\n')
  return lines.flatMap((first, index) => {
    if (!FUNCTION.test(first)) return []
    const indent = /^ */.exec(first)?.[0] ?? ''
    const length = lines.slice(index + 1).findIndex((line) => isBackAt(line, indent)) + 2
    const last = lines[index + length - 1] ?? ''
    if (last !== `${indent}}` || length <= MAX_FUNCTION_LINES) return []
    return [violation(source, index + 1, `The function has ${length} lines, more than ${MAX_FUNCTION_LINES}`)]
  })
}

/** Whether a line ends what began at this indentation; the end of a parameter list does not. */
function isBackAt(line: string, indent: string): boolean {
  return line.trim() !== '' && !line.startsWith(`${indent} `) && !line.startsWith(`${indent})`)
}

function matches(source: SourceFile, pattern: RegExp, message: string): readonly Violation[] {
  return [...source.code.matchAll(pattern)].map((match) => {
    return violation(source, lineAt(source.code, match.index), `${message}: ${match[0].trim()}`)
  })
}

function violation(source: SourceFile, line: number, message: string): Violation {
  return { path: source.path, line, message }
}
