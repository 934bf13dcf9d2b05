/**
 * A checkout of its own for one mutant at a time: a copy of the compiled tree, and links to everything else that the
 * tests read. The mutant is put in the place of its file and taken out again, so that one cage serves many.
 */

import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What a cage does not hold. */
const LEFT_OUT = ['.git', 'coverage', 'dist']

/** One copy of the compiled tree. */
export class Cage {
  /** The top of the copy: where commands run. */
  readonly folder: string
  readonly #root: string

  constructor(root: string, folder: string) {
    this.#root = root
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    for (const name of readdirSync(root)) {
      if (!LEFT_OUT.includes(name)) symlinkSync(join(root, name), join(folder, name))
    }
    cpSync(join(root, 'dist'), join(folder, 'dist'), {
      recursive: true,
      filter: (path) => !/\.(d\.ts|map|tsbuildinfo)$/.test(path),
    })
  }

  /** Puts compiled code in the place of that of a source file. */
  put(file: string, compiledPath: string): void {
    copyFileSync(compiledPath, this.#pathOf(this.folder, file))
  }

  /** Puts the right code back. */
  restore(file: string): void {
    copyFileSync(this.#pathOf(this.#root, file), this.#pathOf(this.folder, file))
  }

  #pathOf(top: string, file: string): string {
    const path = join(top, 'dist', file.replace(/\.ts$/, '.js'))
    if (!existsSync(path)) throw new Error(`${file} is not compiled`)
    return path
  }
}
