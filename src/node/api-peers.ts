/**
 * The peers list in types, as programs write it: who is in the mesh, the settings that all share, and in secure mode the
 * public keys and what each party may use. A part of the public contract of api.ts, which exports all of it again.
 */

/** A former key of a party, which is accepted beside the present one. */
export interface FormerKey {
  /** A public key in Z85, 40 characters. */
  readonly key: string
  /** Until when, in milliseconds since 1970. */
  readonly until: number
}

/** What members and clients have in common in secure mode. */
interface PartyConfig {
  readonly name: string
  /** The public key in Z85, 40 characters. Once one entry of the list has a key, every one must have one. */
  readonly publicKey?: string
  readonly formerKey?: FormerKey
  /**
   * The verbs that it may use: names, or a beginning followed by `*`; "message", "status" and "ping" stand for the calls
   * of a client too. Default, when no rule names it: members `*`, clients `message` and `status`.
   */
  readonly allow?: readonly string[]
  /** Its keys do not count any more. Default false. */
  readonly revoked?: boolean
}

/** A peer in the peers file. */
export interface PeerConfig extends PartyConfig {
  /** Where to dial it: "host:port" or a ZeroMQ endpoint such as "tcp://10.0.0.7:7000" or "ipc:///run/bravo". */
  readonly address: string
  /** What the machine calls itself, where the file says so; finds the default of `serve -n`. */
  readonly host?: string
}

/** A client that may talk to the members, in secure mode. */
export interface ClientConfig extends PartyConfig {}

/** What some may use, beside what their own entries say. */
export interface RuleConfig {
  /** Names of members and clients, or "@group". */
  readonly from: readonly string[]
  readonly allow: readonly string[]
}

/** A mesh: who is in it, and the settings that all members share. */
export interface PeersConfig {
  readonly peers: readonly PeerConfig[]
  /** The name of the mesh; different meshes never mix. Default "zmqnet". */
  readonly network?: string
  /** The shortest time between two heartbeats, in milliseconds. Default 500. */
  readonly tickMs?: number
  /** 0 error, 1 warn, 2 info, 3 debug. Default 2. */
  readonly logLevel?: number
  /** Whether peers on one machine talk over ipc, which is shorter than tcp. Default true. */
  readonly sameHost?: boolean
  /** Those who may talk to members without being one, in secure mode. In plain mode nobody asks. */
  readonly clients?: readonly ClientConfig[]
  /** Names of members and clients by the name of a group, for rules. */
  readonly groups?: Readonly<Record<string, readonly string[]>>
  readonly rules?: readonly RuleConfig[]
  /** The file that it was read from, where there is one: keys are looked for beside it. */
  readonly path?: string
}
