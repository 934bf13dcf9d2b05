/**
 * Keys and rules that change while a node runs: watches the peers file and the key file, reads them anew when one of them
 * changes, and hands what they say to the node. What cannot be read changes nothing, and is told.
 *
 * Folders are watched, not files, because editors and tools put a new file in the place of the old one. Such a watch is a
 * hint and does not work everywhere (network file systems), so that the files are looked at once a second, too. The outside
 * comes in as `WatchWorld`, so that tests need no disk and no time. It does not know what the files mean.
 */

import { statSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { SecuritySettings } from '../security/policy.ts'

/** How long after a hint the files are looked at: what a tool writes in several steps is then one change. */
export const SETTLE_MS = 100
/**
 * A file that cannot be read is looked at once more before that is told: an editor that writes in place, or two files that
 * change one after the other, are not wrong for longer than this.
 */
export const SECOND_LOOK_MS = 250
/** How often the files are looked at without a hint. Together with the above, a change counts within a second and a half. */
export const POLL_EVERY_MS = 1000

/** The file system and the time of a watch. */
export interface WatchWorld {
  /** Calls back when something in a folder may have changed, until the function that it gives is called. */
  watchFolder(path: string, onHint: () => void): () => void
  /** A text that differs when a file does; also of a file that is not there. */
  stampOf(path: string): string
  /** Calls back after a time, unless the function that it gives is called before. */
  after(delayMs: number, callback: () => void): () => void
}

/** What is watched, and who is told. */
export interface WatchSettings {
  readonly peersPath: string
  /** Undefined when the key is not in a file. */
  readonly keyPath: string | undefined
  /** False: nothing is watched, and only `reload` reads. */
  readonly isWatched: boolean
  /** Reads both files. Gives undefined when the peers file has no keys any more; throws when one is wrong. */
  readonly load: () => SecuritySettings | undefined
  /** Whether these settings are the ones that count now. */
  readonly counts: (settings: SecuritySettings) => boolean
  readonly apply: (settings: SecuritySettings) => void
  /** The files have changed and cannot be used; what counted before still counts. Once for each change. */
  readonly onInvalid: (text: string) => void
}

/** A watch over the two files of one node, from its start to its end. */
export class PeersWatch {
  readonly #settings: WatchSettings
  readonly #world: WatchWorld
  readonly #ends: (() => void)[] = []
  #cancelPoll = (): void => {}
  #cancelLook: (() => void) | undefined
  /** What the files looked like when they were read last; empty before that. */
  #stamp = ''
  #isClosed = false

  constructor(settings: WatchSettings, world: WatchWorld = realWatchWorld) {
    this.#settings = settings
    this.#world = world
    if (!settings.isWatched) return
    for (const folder of new Set(this.#paths().map((path) => dirname(path)))) {
      this.#ends.push(world.watchFolder(folder, () => this.#hint()))
    }
    this.#poll()
    // The node read the files before this watch began: what changed in between must not be overlooked.
    this.#hint()
  }

  /** Reads and applies at once, changed or not. Throws what `load` or `apply` throws, and then has changed nothing. */
  reload(): void {
    this.#cancelSecondLook()
    this.#stamp = this.#newStamp()
    this.#read()
  }

  close(): void {
    this.#isClosed = true
    this.#cancelPoll()
    this.#cancelSecondLook()
    for (const end of this.#ends.splice(0)) end()
  }

  #hint(): void {
    if (this.#isClosed || this.#cancelLook !== undefined) return
    this.#lookAfter(SETTLE_MS, () => this.#look())
  }

  #poll(): void {
    this.#cancelPoll = this.#world.after(POLL_EVERY_MS, () => {
      if (this.#cancelLook === undefined) this.#look()
      this.#poll()
    })
  }

  #look(): void {
    const stamp = this.#newStamp()
    if (stamp === this.#stamp) return
    const isFirst = this.#stamp === ''
    this.#stamp = stamp
    try {
      this.#read(isFirst)
    } catch {
      this.#lookAfter(SECOND_LOOK_MS, () => this.#lookAgain())
    }
  }

  #lookAgain(): void {
    this.#stamp = this.#newStamp()
    try {
      this.#read()
    } catch (error) {
      this.#settings.onInvalid(error instanceof Error ? error.message : String(error))
    }
  }

  /** On the first look, what the files say counts already, unless they changed after the node had read them. */
  #read(isFirst = false): void {
    const settings = this.#settings.load()
    if (settings === undefined) {
      throw new Error(
        'The peers file has no keys any more, and a node does not leave secure mode while it runs',
      )
    }
    if (isFirst && this.#settings.counts(settings)) return
    this.#settings.apply(settings)
  }

  #lookAfter(delayMs: number, look: () => void): void {
    this.#cancelLook = this.#world.after(delayMs, () => {
      this.#cancelLook = undefined
      look()
    })
  }

  #cancelSecondLook(): void {
    this.#cancelLook?.()
    this.#cancelLook = undefined
  }

  #paths(): readonly string[] {
    const { peersPath, keyPath } = this.#settings
    return keyPath === undefined ? [peersPath] : [peersPath, keyPath]
  }

  #newStamp(): string {
    return this.#paths()
      .map((path) => this.#world.stampOf(path))
      .join('\n')
  }
}

/** The file system and the clock of this process. Neither keeps the process alive. */
export const realWatchWorld: WatchWorld = {
  watchFolder(path, onHint) {
    try {
      const watcher = watch(path, { persistent: false }, onHint)
      // Such as a folder that goes away: from then on there is the look once a second.
      watcher.on('error', () => watcher.close())
      return () => watcher.close()
    } catch {
      return () => {}
    }
  },
  stampOf(path) {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
      return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code)
    }
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
