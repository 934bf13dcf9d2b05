/**
 * One process under test as the main process sees it, and how one of zmqnet is started. All that is known of it comes from
 * what it says itself.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from '../../test/support/environment.ts'
import type { NodeOrder, NodeWord, Told } from './node-process.ts'
import { Sights, sharedNowMs } from './sights.ts'

/** Where a party lives: the address that others use for it, and what stands before a command that runs there. */
export interface Place {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Another port of its own, on its loopback. */
  readonly controlPort: number
  readonly prefix: readonly string[]
}

/** Starts a party at its place, where the others are known by theirs. */
export type Spawn = (place: Place, places: readonly Place[]) => Party

/** All processes that run; whatever way this one ends, they end with it. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class Party {
  readonly name: string
  readonly child: ChildProcess
  readonly spawnedAtMs = sharedNowMs()
  /** When it listened; NaN before. */
  listeningAtMs = Number.NaN
  /** Which run this is; undefined before it listens, and always for serf. */
  incarnation: number | undefined
  readonly sights = new Sights()
  /** The last time its loop was blocked. */
  blocked: { readonly fromMs: number; readonly untilMs: number } | undefined
  /** What it answered when it was asked to tell all that it knows. */
  told: Told | undefined
  /** Asks it to look for the others again; only serf needs that. */
  nudge: (() => void) | undefined
  /** Why it is of no use, in words. */
  fault: string | undefined
  readonly ended: Promise<unknown>
  #onTold: (() => void) | undefined

  constructor(name: string, child: ChildProcess) {
    this.name = name
    this.child = child
    running.add(child)
    this.ended = once(child, 'exit').catch(() => undefined)
    child.once('exit', (code, signal) => {
      running.delete(child)
      // It is killed by us alone; whatever else ends it is a failure of its own.
      if (signal !== 'SIGKILL') this.fault ??= `its process ended by itself (${signal ?? code})`
    })
    child.on('error', (error) => {
      this.fault ??= error.message
    })
  }

  /** Kills the process and waits for its end. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    if (this.child.exitCode === null && this.child.signalCode === null) await this.ended
  }

  /** Blocks its event loop; only for zmqnet. */
  block(blockMs: number): void {
    this.blocked = undefined
    this.#order({ kind: 'block', blockMs })
  }

  /** Asks it for all that it knows, and waits for the answer, `waitMs` at the most; only for zmqnet. */
  async askToTell(waitMs: number): Promise<void> {
    this.told = undefined
    if (!this.child.connected) return
    const answer = new Promise<void>((resolve) => {
      this.#onTold = resolve
      setTimeout(resolve, waitMs)
    })
    this.#order({ kind: 'tell' })
    await answer
  }

  /** What a process of zmqnet says. */
  hear(word: NodeWord): void {
    switch (word.kind) {
      case 'listening':
        this.listeningAtMs = word.atMs
        this.incarnation = word.incarnation
        return
      case 'sight':
        this.sights.note(word.sight)
        return
      case 'blocked':
        this.blocked = word
        return
      case 'told':
        this.told = word
        this.#onTold?.()
        return
      case 'failed':
        this.fault ??= word.text
    }
  }

  begin(order: NodeOrder): void {
    this.child.on('message', (word: NodeWord) => this.hear(word))
    this.#order(order)
  }

  #order(order: NodeOrder): void {
    // A process that is gone is told by its exit.
    this.child.send(order, () => undefined)
  }
}

const SCRIPT = fileURLToPath(new URL('./node-process.js', import.meta.url))

/** A node of zmqnet with all defaults, through the public API. */
export const spawnZmqnet: Spawn = ({ name, prefix }, places) => {
  const [command = '', ...args] = [...prefix, process.execPath, SCRIPT]
  const child = spawn(command, args, {
    env: cleanEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const party = new Party(name, child)
  const peers = places.map((place) => ({ name: place.name, address: `${place.host}:${place.port}` }))
  party.begin({ kind: 'start', name, peers: { peers } })
  return party
}
