/**
 * Where keys and the peers file are for `zmqnet keys`: the same places where `serve` and the clients look for them, unless
 * --dir or --key says another. It finds and reads; what is written is the business of the actions.
 */

import { basename, dirname, extname, join } from 'node:path'
import type { Context } from './command.ts'
import { configFault, UsageError } from './faults.ts'
import type { keysOptions } from './option-tables.ts'
import { type PublicEntry, parsePublicEntry, publicEntryOf } from './public-key-file.ts'

export type KeysContext = Context<typeof keysOptions>

const DEFAULT_PEERS_PATH = './peers.json'

/** The places that one run of the command goes by. */
export class KeyPlaces {
  readonly #context: KeysContext
  #peersPath: string
  #isNamed = false

  constructor(context: KeysContext) {
    this.#context = context
    const { values, io } = context
    this.#peersPath = values.peers ?? (io.env.PEERS_PATH || DEFAULT_PEERS_PATH)
  }

  get peersPath(): string {
    return this.#peersPath
  }

  /** A peers file that is named as a word. Throws UsageError when -p names one, too. */
  usePeers(path: string): void {
    if (this.#context.values.peers !== undefined || this.#isNamed)
      throw new UsageError('The peers file is named twice', 'keys')
    this.#peersPath = path
    this.#isNamed = true
  }

  /** The key file of a party. */
  keyPath(name: string): string {
    const { library, values, io } = this.#context
    if (values.dir !== undefined) return join(values.dir, `${name}.key`)
    return library.keyPathFor(name, this.#peersPath, values.key, io.env)
  }

  /** alpha.pub beside alpha.key. */
  publicPathBeside(keyPath: string): string {
    return join(dirname(keyPath), `${basename(keyPath, extname(keyPath))}.pub`)
  }

  /** The key files to look at: of one party, or all of the folder. A .pub file wins over the .key beside it. */
  async keyPaths(name: string | undefined, prefer: '.pub' | '.key' = '.key'): Promise<readonly string[]> {
    const { values, io, library } = this.#context
    if (values.key !== undefined) return [values.key]
    const folder = values.dir ?? dirname(library.keyPathFor('any', this.#peersPath, undefined, {}))
    const all = (await io.listFolder(folder)).filter((file) => /\.(?:key|pub)$/.test(file))
    const stems = [...new Set(all.map((file) => file.slice(0, -4)))].sort()
    const wanted = stems.filter((stem) => name === undefined || stem === name)
    if (wanted.length === 0) {
      const whose = name === undefined ? 'no key' : `no key of "${name}"`
      throw configFault(`There is ${whose} in ${folder}: make one with zmqnet keys new -n NAME`)
    }
    const other = prefer === '.pub' ? '.key' : '.pub'
    return wanted.map((stem) => join(folder, all.includes(stem + prefer) ? stem + prefer : stem + other))
  }

  /** The public side of a key file or a .pub file. */
  async read(path: string): Promise<PublicEntry> {
    const { io, library } = this.#context
    if (path.endsWith('.pub')) return parsePublicEntry(await io.readFile(path), path)
    return publicEntryOf(library.readKeyFile(path), io.wallNowMs())
  }

  /** The text of the peers file, which is JSON. Throws what the library says when it is not there, or none. */
  async readPeers(): Promise<string> {
    const { io, library } = this.#context
    const text = await io.readFile(this.#peersPath).catch(() => undefined)
    if (text === undefined || !isJson(text)) {
      library.loadPeers(this.#peersPath, io.env)
      throw configFault(`The peers file ${this.#peersPath} cannot be read`)
    }
    return text
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''))
    return true
  } catch {
    return false
  }
}
