/**
 * How a secure node reads its keys and rules again while it runs: the same two files as at its start, by the same rules.
 * A node whose list did not come from a file has nothing to read again. When that is done stands in peers-watch.ts.
 */

import { resolve } from 'node:path'
import type { SecuritySettings } from '../security/policy.ts'
import type { NodeOptions, PeersConfig } from './api.ts'
import { keyPathFor, resolveSecurity } from './security-config.ts'

/** The environment variables that are looked at: ZMQNET_KEY. */
type Environment = Readonly<Record<string, string | undefined>>

/** The files that a node was started from. */
export interface Rereading {
  readonly peersPath: string
  /** Undefined when the key was given as a pair. */
  readonly keyPath: string | undefined
  /** Whether changes count by themselves, or only when somebody asks. */
  readonly isWatched: boolean
  /** Reads both. Gives undefined when there are no keys any more; throws CONFIG when something is wrong. */
  readonly load: () => SecuritySettings | undefined
}

/** The files behind the options of a secure node; undefined when its list did not come from one. */
export function rereadingOf(
  { name, key, watch = true }: NodeOptions,
  config: PeersConfig,
  env: Environment,
  loadPeers: (path: string) => PeersConfig,
): Rereading | undefined {
  if (config.path === undefined) return undefined
  // The working folder may be another one later on.
  const peersPath = resolve(config.path)
  const keyPath = typeof key === 'object' ? undefined : resolve(keyPathFor(name, config.path, key, env))
  const given = typeof key === 'string' ? keyPath : key
  const { ZMQNET_KEY } = env
  const sameEnv = ZMQNET_KEY ? { ...env, ZMQNET_KEY: resolve(ZMQNET_KEY) } : env
  const load = () => resolveSecurity(name, 'node', loadPeers(peersPath), given, sameEnv)
  return { peersPath, keyPath, isWatched: watch, load }
}
