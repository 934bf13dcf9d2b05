/**
 * What a node or client goes by in secure mode, from its key and the peers file: where the key is looked for, and that the
 * two fit together. Whatever does not fit is an error, because a mesh that was meant to be secure and is not, or the other
 * way round, is worse than one that does not start.
 */

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { KeyPair } from '../base/keys.ts'
import { found } from '../discovery/found.ts'
import { isSecure, policyOf } from '../discovery/trust.ts'
import { validAt } from '../security/accepted.ts'
import type { OwnKey, SecuritySettings, TrustedParty } from '../security/policy.ts'
import type { Role } from '../wire/messages.ts'
import type { ClientConfig, PeersConfig } from './api.ts'
import { capital, configError } from './config-error.ts'
import { KEY_FILE_EXTENSION, readKeyFile } from './key-file.ts'
import { endingAt, pairFault } from './key-pair.ts'

/** The environment variables that are looked at: ZMQNET_KEY. */
type Environment = Readonly<Record<string, string | undefined>>

/** The folder of the keys, beside the peers file. */
export const KEYS_FOLDER = 'keys'

/** A party that is secure, by the name that its key proves. */
export interface SecureParty {
  readonly name: string
  readonly security: SecuritySettings
}

/**
 * Where the key of `name` stands: where `option` says, else ZMQNET_KEY, else keys/<name>.key beside the peers file, or in
 * the working folder when there is no such file.
 */
export function keyPathFor(
  name: string,
  peersPath: string | undefined,
  option: string | undefined,
  env: Environment,
): string {
  const folder = join(dirname(peersPath ?? ''), KEYS_FOLDER)
  return givenPath(option, env) ?? join(folder, `${name}${KEY_FILE_EXTENSION}`)
}

/**
 * Keys and rules for `name`; undefined in plain mode. Throws a ZmqnetError of code CONFIG when the peers file has keys and
 * there is none for `name`, when it is another one than the file has, or when a key is given and the file has none.
 */
export function resolveSecurity(
  name: string,
  role: Role,
  config: PeersConfig,
  key: string | KeyPair | undefined,
  env: Environment,
): SecuritySettings | undefined {
  return resolveParty(name, role, config, key, env)?.security
}

/** The same for a client, whose name is found by its key; undefined in plain mode. */
export function resolveClient(
  config: PeersConfig,
  key: string | KeyPair | undefined,
  env: Environment,
): SecureParty | undefined {
  return resolveParty(undefined, 'client', config, key, env)
}

function resolveParty(
  name: string | undefined,
  role: Role,
  config: PeersConfig,
  key: string | KeyPair | undefined,
  env: Environment,
): SecureParty | undefined {
  if (!isKeyOption(key)) throw configError(`The option "key" is a path or a pair of keys, ${found(key)}`)
  const origin = originOf(key, env)
  if (!isSecure(config)) {
    if (origin === undefined) return undefined
    throw configError(
      `A key is given (${origin}), but ${titleOf(config)} has no keys, so that nothing would be secure; add those of all members with: zmqnet keys trust`,
    )
  }
  const policy = policyOf(config)
  const { owner, own } =
    typeof key === 'object'
      ? fromPair(name, role, key, config)
      : fromFile(findPath(name, config, key, env), name, role)
  const party = policy.parties.find((candidate) => candidate.role === role && candidate.name === owner)
  checkParty(party, { role, name: owner, own, config })
  return { name: owner, security: { own, policy } }
}

/** Our pairs, and the name that they are for. */
interface Found {
  readonly owner: string
  readonly own: readonly OwnKey[]
}

function fromFile(path: string, name: string | undefined, role: Role): Found {
  const file = readKeyFile(path)
  const wanted = name === undefined ? `a ${role}` : `${role} ${quoted(name)}`
  if (file.role !== role || (name !== undefined && file.name !== name))
    throw configError(
      `The key file ${quoted(path)} is that of ${file.role} ${quoted(file.name)}, not of ${wanted}`,
    )
  return { owner: file.name, own: file.own }
}

/** A pair has no name: a client is called what the peers file says of its public half. */
function fromPair(name: string | undefined, role: Role, pair: KeyPair, config: PeersConfig): Found {
  const why = pairFault(pair)
  if (why !== undefined) throw configError(`The option "key" cannot be used: ${why}`)
  const has = ({ publicKey, formerKey }: ClientConfig): boolean =>
    publicKey === pair.publicKey || formerKey?.key === pair.publicKey
  const owner = name ?? config.clients?.find(has)?.name
  if (owner === undefined)
    throw configError(`The option "key" is the key of no ${role} in ${titleOf(config)}`)
  return { owner, own: [endingAt(pair, undefined)] }
}

/** Not every user compiles. */
function isKeyOption(key: unknown): boolean {
  return key === undefined || typeof key === 'string' || (typeof key === 'object' && key !== null)
}

/** Where our key file is. A client that is not told takes the only key of a client that is there and is not revoked. */
function findPath(
  name: string | undefined,
  config: PeersConfig,
  key: string | undefined,
  env: Environment,
): string {
  if (name !== undefined) return keyPathFor(name, config.path, key, env)
  const given = givenPath(key, env)
  if (given !== undefined) return given
  const valid = (config.clients ?? []).filter(({ revoked }) => revoked !== true)
  const paths = valid.map((client) => keyPathFor(client.name, config.path, undefined, env))
  const there = paths.filter((path) => existsSync(path))
  if (there.length === 1) return there[0] as string
  const folder = dirname(keyPathFor('x', config.path, undefined, env))
  const count = there.length === 0 ? 'no key of a client' : `${there.length} keys of clients`
  throw configError(
    `Talking to a secure mesh needs the key of a client, and ${quoted(folder)} has ${count}; name one with --key PATH, ZMQNET_KEY=PATH or the option "key", or make one with: zmqnet keys new --client -n NAME`,
  )
}

/** The peers file knows us, by one of our keys. While a key is replaced, one of two is enough. */
function checkParty(party: TrustedParty | undefined, { role, name, own, config }: PartyCheck): void {
  const who = `${role} ${quoted(name)}`
  const title = titleOf(config)
  if (party === undefined)
    throw configError(`${capital(title)} has no ${who}, whose key is given; add it with: zmqnet keys trust`)
  if (party.keys.length === 0) throw configError(`The key of ${who} is revoked in ${title}`)
  const wallNow = Date.now()
  const accepted = new Set(validAt(party.keys, wallNow).map(({ key }) => key))
  if (validAt(own, wallNow).some(({ publicKey }) => accepted.has(publicKey))) return
  throw configError(
    `The key of ${who} is not the one that ${title} has for it; bring the file up to date with: zmqnet keys trust`,
  )
}

interface PartyCheck {
  readonly role: Role
  readonly name: string
  readonly own: readonly OwnKey[]
  readonly config: PeersConfig
}

function givenPath(option: string | undefined, env: Environment): string | undefined {
  return [option, env.ZMQNET_KEY].find((path) => path !== undefined && path !== '')
}

/** Who gave a key, in words; undefined when nobody did. */
function originOf(key: string | KeyPair | undefined, env: Environment): string | undefined {
  if (typeof key === 'object' || (key !== undefined && key !== '')) return 'the option "key"'
  return givenPath(undefined, env) === undefined ? undefined : 'ZMQNET_KEY'
}

function titleOf({ path }: PeersConfig): string {
  return path === undefined ? 'the peers option' : `the peers file ${quoted(path)}`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
