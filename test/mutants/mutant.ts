/**
 * A mutant: one fault that is planted into the source on purpose, to see whether the seeds of the simulator and the tests
 * would notice it. It is data: a piece of the source text and what stands there instead.
 */

/** One planted fault. */
export interface Mutant {
  /** What the mutant does wrong, in the words of the house. Unique. */
  readonly name: string
  /** The clause of docs/protocol.md that it breaks. */
  readonly clause: string
  /** The file that it changes, from the top of the checkout. */
  readonly file: string
  /** The exact text that it changes; it stands there exactly once. */
  readonly find: string
  /** What stands there instead. It need not have the right types, but it must be JavaScript without them. */
  readonly replace: string
}

/** The source text with the fault in it; throws when the place of the fault is not found exactly once. */
export function plant(mutant: Mutant, source: string): string {
  const { name, file, find, replace } = mutant
  const places = source.split(find).length - 1
  if (places !== 1) throw new Error(`"${name}": its text is found ${places} times in ${file}, wanted is once`)
  // A function, because a text may hold the patterns of `replace`.
  return source.replace(find, () => replace)
}

/**
 * The tests that look after the mutated file, in the order in which they are run: those that bear its name, then all others
 * of its room; of node/ only those that need no socket. `files` are all files below test/.
 */
export function testsOf({ file }: Mutant, files: readonly string[]): readonly (readonly string[])[] {
  const [, room = '', name = ''] = /^src\/(\w+)\/(.*)\.ts$/.exec(file) ?? []
  const tests = files.filter((path) => path.startsWith(`${room}/`) && path.endsWith('.test.ts'))
  const isOwn = (path: string): boolean => path.startsWith(`${room}/${name}`)
  const isSocketFree = (path: string): boolean => room !== 'node' || /\/(core|mailer)/.test(path)
  return [tests.filter(isOwn), tests.filter((path) => !isOwn(path) && isSocketFree(path))].filter(
    (stage) => stage.length > 0,
  )
}
