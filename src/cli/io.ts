/**
 * Everything that a command takes from outside: arguments, environment, streams, time, signals and the library itself.
 * Commands never touch `process`, so that each of them runs in a unit test against a fake; process-io.ts is the real one.
 */

import type { Client, ConnectOptions, KeyFile, KeyPair, Node, NodeOptions, PeersConfig } from '../index.ts'

/** A stream that text is written to. */
export interface Sink {
  write(text: string): void
  readonly isTTY: boolean
  /** How many characters fit into a line; 80 where nobody knows. */
  readonly columns: number
}

/** The part of the library that the commands use. They load it through `Io`, because `--help` must not pay for it. */
export interface Library {
  createNode(options: NodeOptions): Promise<Node>
  connect(node: string, options: ConnectOptions): Promise<Client>
  loadPeers(source: string | undefined, env: Readonly<Record<string, string | undefined>>): PeersConfig
  parseDuration(text: string): number
  newKeyPair(): KeyPair
  readKeyFile(path: string): KeyFile
  writeKeyFile(path: string, file: KeyFile, options: { readonly force: boolean }): void
  keyPathFor(
    name: string,
    peersPath: string | undefined,
    option: string | undefined,
    env: Readonly<Record<string, string | undefined>>,
  ): string
}

/** The outside of a command. */
export interface Io {
  /** The arguments after the name of the program. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: Sink
  readonly stderr: Sink
  /**
   * Aborts at the first SIGINT or SIGTERM, or when the reader of stdout has gone (EPIPE); the reason is that name.
   * A second signal ends the process at once and is not seen here.
   */
  readonly interrupt: AbortSignal
  /**
   * Calls back at each SIGHUP from here on, which then ends the process no more; unless it comes because the terminal is
   * gone: then it interrupts, as SIGINT does.
   */
  onHangup(listener: () => void): void
  readonly hostname: string
  readonly pid: number
  /** The version of the package. */
  readonly version: string
  /** Milliseconds, with fraction, from any fixed start. Never goes back. */
  nowMs(): number
  /** Milliseconds of wall-clock time since 1970. */
  wallNowMs(): number
  /** Resolves after a time, or as soon as one of the signals aborts; never rejects. */
  sleep(durationMs: number, ...signals: readonly AbortSignal[]): Promise<void>
  /** Standard input up to its end. */
  readInput(): Promise<string>
  writeFile(path: string, text: string): Promise<void>
  /** The text of a file; rejects when it cannot be read. */
  readFile(path: string): Promise<string>
  /** Puts a file in the place of another, whole or not at all, with the same mode. Rejects when it cannot. */
  replaceFile(path: string, text: string): Promise<void>
  /** The names in a folder; none when there is no such folder. */
  listFolder(path: string): Promise<readonly string[]>
  loadLibrary(): Promise<Library>
}
