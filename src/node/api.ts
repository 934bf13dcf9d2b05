/**
 * The public contract in types: what a node and a client can do, what they answer, what their events say. The classes
 * behind these interfaces are not exported, so that this page is all that a user has to read.
 */

import type { KeyPair } from '../base/keys.ts'
import type { Outcome } from '../errors.ts'
import type { PeersConfig } from './api-peers.ts'

export type { KeyPair } from '../base/keys.ts'
export type { ClientConfig, FormerKey, PeerConfig, PeersConfig, RuleConfig } from './api-peers.ts'

/** A body: anything that msgpack can carry; Uint8Array and Buffer travel as they are; undefined is an empty body. */
// biome-ignore lint/suspicious/noExplicitAny: a body is data of the user's own shape, on both sides
export type BodyValue = any

/** Where a log goes. winston's and pino's loggers and the console fit. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** What a handler learns about the message it handles. */
export interface HandlerContext {
  /** The peer or client that sent it, by the identity of its connection. */
  readonly from: string
  readonly verb: string
  /** How it came: a request or a broadcast wants an answer, a send does not; a message comes from a client. */
  readonly kind: 'request' | 'broadcast' | 'send' | 'message'
  /** 1 for the first attempt; a higher number tells that earlier attempts did not get through. */
  readonly attempt: number
  /** Milliseconds that remain until the caller no longer wants the answer; Infinity for a send. */
  readonly remainingMs: number
  /** Aborts when the caller cancels, when the deadline passes and when the node closes. */
  readonly signal: AbortSignal
  /** Like the node's own, but the deadline and the signal of the message in hand travel on with it. */
  request(peer: string, verb: string, body?: BodyValue, options?: RequestOptions): Promise<BodyValue>
  /** Like the node's own, but the deadline and the signal of the message in hand travel on with it. */
  broadcast(verb: string, body?: BodyValue, options?: BroadcastOptions): Promise<BroadcastResult>
}

/** Answers a message. What it returns is the reply; what it throws reaches the caller as HANDLER_FAILED. */
export type Handler = (body: BodyValue, context: HandlerContext) => BodyValue | Promise<BodyValue>

/** How far a large body has come. */
export interface Progress {
  /** `out`: our body on its way to the peer, as the peer confirms it. `in`: the body of its reply, as it arrives. */
  readonly direction: 'out' | 'in'
  readonly bytes: number
  readonly totalBytes: number
}

/** How hard a request tries. */
export interface RequestOptions {
  /** Milliseconds for each attempt. Default 2500. Too low repeats what is only slow, too high notices losses late. */
  readonly timeout?: number
  /** Attempts after the first. Default 3. */
  readonly retries?: number
  /** Milliseconds for the whole request. Default timeout x (retries + 1). */
  readonly deadline?: number
  /** Cancels the request, also at the peer. */
  readonly signal?: AbortSignal
  /** Whether the handler may run again, in another run of the peer, when it is unknown whether it ran. Default false. */
  readonly idempotent?: boolean
  /**
   * Is told how far a body has come that travels in chunks, which those of more than a MiB do, and those of half a MiB
   * on a connection that is slow or carries other things. While one makes progress, the timeout of an attempt counts from
   * the last of it. What this throws is ignored.
   */
  readonly onProgress?: (progress: Progress) => void
}

/** How long a one-way message may wait. */
export interface SendOptions {
  /**
   * Milliseconds until a message without a receipt counts as not sent or unknown, the time that it waits for the link or
   * for room included. Default 5000.
   */
  readonly timeout?: number
  /** Gives the message up: not sent while it still waits here, else unknown. What has left is not called back. */
  readonly signal?: AbortSignal
  /** Is told how far a body has come that travels in chunks. What this throws is ignored. */
  readonly onProgress?: (progress: Progress) => void
}

/** What a one-way message answers once the peer's node has it. */
export interface Receipt {
  readonly peer: string
  /** Always "delivered"; every other outcome is an error. */
  readonly outcome: Extract<Outcome, 'delivered'>
  readonly ms: number
}

/** How a broadcast is sent and when it is enough. */
export interface BroadcastOptions {
  /** Milliseconds for each attempt. Default 2000. */
  readonly timeout?: number
  /** Attempts after the first, to those that are still missing. Default 0. */
  readonly retries?: number
  /** When to stop waiting: all expected peers (default), more than half of them, or this many. */
  readonly until?: 'all' | 'majority' | number
  /** Milliseconds for the whole broadcast. Default timeout x (retries + 1). */
  readonly deadline?: number
  readonly signal?: AbortSignal
}

/** Why a peer is missing in a tally. `not-awaited`: the stop rule was met before it answered. */
export type MissingReason = 'dead' | 'timeout' | 'refused' | 'not-sent' | 'not-awaited'

/** What became of a broadcast. `acked` and `missing` together are always exactly the expected peers. */
export interface BroadcastResult {
  /** Whether the stop rule was met. */
  readonly ok: boolean
  /** How many peers were expected: every member that had not left at the start. */
  readonly expected: number
  readonly acked: readonly { readonly peer: string; readonly reply: BodyValue; readonly ms: number }[]
  readonly missing: readonly {
    readonly peer: string
    readonly reason: MissingReason
    readonly text: string
  }[]
  readonly ms: number
}

/** alive: heard lately. suspect: not heard for a while. dead: given up, but still probed. left: said goodbye. */
export type PeerState = 'alive' | 'suspect' | 'dead' | 'left'

/** What this node knows of a peer. Ages and durations in milliseconds. */
export interface PeerView {
  readonly name: string
  readonly address: string
  readonly state: PeerState
  /** Whether its event loop lags while its process answers: alive, but slow. */
  readonly busy: boolean
  /** Whether it has been silent for 20 ticks (10 s) while its process answers: alive, but of no use. It is busy as well. */
  readonly hung: boolean
  /** Whether our own link to it is open, being greeted, down, or refused by the peer. */
  readonly link: 'open' | 'greeting' | 'down' | 'refused'
  /** What carries our link to it: ipc when it runs on this host and both allow it; undefined while it is not open. */
  readonly transport: 'tcp' | 'ipc' | undefined
  /** The last measured round trip on the link; undefined before the first. */
  readonly rttMs: number | undefined
  /** Its present run; undefined while it was never met. */
  readonly incarnation: number | undefined
  /** How long ago anything was heard of it; undefined when nothing ever was. */
  readonly lastSeenMs: number | undefined
  /** How often the link went down after it was up, the longest and the summed time that it was down. */
  readonly outages: { readonly count: number; readonly longestMs: number; readonly totalMs: number }
  /** How long the link has been open without a break; undefined while it is not open. */
  readonly openMs: number | undefined
  /** Whether what goes over our link to it is encrypted: the link is open, in secure mode. */
  readonly encrypted: boolean
  /** Whether it has proven on our link that it owns its name; so never in plain mode. */
  readonly proven: boolean
}

/** Counts since the start of the node. */
export interface Counters {
  /** Messages handed to the transport, by envelope, heartbeats included. */
  readonly sent: number
  readonly received: number
  /** Messages that were queued for a peer and given up before they were sent; each had a typed outcome. */
  readonly dropped: number
  /** ZeroMQ messages, each with many envelopes. */
  readonly framesSent: number
  readonly framesReceived: number
  /** Messages from peers that broke the protocol. */
  readonly violations: number
  /** Names that were said without the proof that they need in secure mode. */
  readonly impostors: number
  /** Attempts after the first. */
  readonly retries: number
  /** Links thrown away because an attempt saw no sign of life. */
  readonly resets: number
}

/** What a node reports. */
export type NodeEvent =
  | { readonly kind: 'peer:alive'; readonly peer: string; readonly incarnation: number | undefined }
  | { readonly kind: 'peer:suspect'; readonly peer: string; readonly text: string }
  | { readonly kind: 'peer:dead'; readonly peer: string; readonly text: string }
  | { readonly kind: 'peer:left'; readonly peer: string }
  | { readonly kind: 'peer:busy'; readonly peer: string; readonly busy: boolean }
  /** Busy by silence for 20 ticks (10 s), told once. Not dead: it may go on at any time, and `peer:busy` then says so. */
  | { readonly kind: 'peer:hung'; readonly peer: string; readonly quietMs: number }
  /** It does not take what waits for it (clause L19). `queuedBytes` waits in the queues of its slow connections. */
  | {
      readonly kind: 'peer:slow'
      readonly peer: string
      readonly slow: boolean
      readonly queuedBytes: number
    }
  | { readonly kind: 'peer:restarted'; readonly peer: string; readonly incarnation: number }
  | { readonly kind: 'link:up'; readonly peer: string; readonly transport: 'tcp' | 'ipc' }
  /** `closed`, `silent` (its process or the way to it), `reset` by this node, `restarted` or `forgotten` by the peer. */
  | { readonly kind: 'link:down'; readonly peer: string; readonly cause: string }
  | { readonly kind: 'link:refused'; readonly peer: string; readonly reason: string; readonly text: string }
  | { readonly kind: 'link:reset'; readonly peer: string }
  | { readonly kind: 'violation'; readonly connection: string; readonly text: string }
  /**
   * Somebody was refused in secure mode: it said the name `party` and could not prove it, or, without a name, its
   * handshake had no key that is accepted.
   */
  | {
      readonly kind: 'security:refused'
      readonly party: string | undefined
      readonly connection: string
      readonly text: string
    }
  /** Keys and rules were read again, and count from here on. */
  | { readonly kind: 'peers:applied' }
  /** The peers file or the key file changed and cannot be used, for this reason: what counted before still counts. */
  | { readonly kind: 'peers:invalid'; readonly text: string }
  | { readonly kind: 'events:lost'; readonly count: number }

/** What a node answers when it is asked for its state. */
export interface NodeStatus {
  readonly name: string
  readonly network: string
  readonly endpoint: string
  readonly incarnation: number
  readonly uptimeMs: number
  readonly peers: readonly PeerView[]
  /**
   * What is not over: requests, one-way messages and broadcasts that wait here for their outcome, each leg of a broadcast
   * for itself, and handlers that run. The handler that answers a remote question for this status is among them.
   */
  readonly pending: number
  /** Large bodies that are on their way now, to this node and from it. */
  readonly transfers: number
  readonly counters: Counters
}

/** How a node is made. */
export interface NodeOptions {
  /** The node's name; it must stand in the peers list. */
  readonly name: string
  /** A path, or the list itself. Default: the path in PEERS_PATH, else ./peers.json. */
  readonly peers?: string | PeersConfig
  /** Where to listen, when it is not what the peers dial: "host:port" or an endpoint; port 0 takes a free one. */
  readonly bind?: string
  /** false (default): silent. true: human-readable lines on stderr. Or a logger of your own. */
  readonly log?: boolean | Logger
  /** The shortest time between two heartbeats, in milliseconds; overrides the file. */
  readonly tick?: number
  /** How often the status line is logged when nothing changes, in milliseconds. Default 180000. */
  readonly statusEvery?: number
  /** Whether links to and from peers on this machine take a shorter way than tcp; overrides the file. Default true. */
  readonly sameHost?: boolean
  /**
   * The largest body that this node takes and sends, in bytes, from 1 KiB to 1 GiB. Default 64 MiB. Higher: a peer may
   * make this node hold more, up to twice this for what is on its way here and for each book of what is kept.
   */
  readonly maxBody?: number
  /**
   * The most that waits for one peer, in bytes, from 1 MiB to 1 GiB: requests without an answer and one-way messages without
   * a receipt, each with 1 KiB beside its body; bodies of 512 KiB and more are bounded by `maxBody` instead. Default 16 MiB.
   * Lower: QUEUE_FULL comes sooner. Higher: a peer that stops reading costs more memory here.
   */
  readonly maxPerPeer?: number
  /**
   * The key of this node, in secure mode: the path of its key file, or the pair itself. Default: the path in ZMQNET_KEY,
   * else keys/<name>.key beside the peers file.
   */
  readonly key?: string | KeyPair
  /**
   * Lets a node without keys listen where other machines reach it. Whoever reaches it can then speak for anybody and read
   * everything, and each start warns of it. Default false: only loopback addresses and ipc, without keys.
   */
  readonly insecure?: boolean
  /**
   * Whether changes of the peers file and the key file count while the node runs, in secure mode: keys, revocations, clients
   * and rules. Default true. Without it, or where the list is no file, `reload` or a restart does it.
   */
  readonly watch?: boolean
}

/** How a client is made. */
export interface ConnectOptions {
  /** A path, or the list itself. Default: the path in PEERS_PATH, else ./peers.json. */
  readonly peers?: string | PeersConfig
  /** Milliseconds to wait for the first contact. Default 0: does not wait, calls do. */
  readonly timeout?: number
  readonly log?: boolean | Logger
  /**
   * Whether the link to a node on this machine takes a shorter way than tcp; overrides the file. Default true. The way
   * is found on first contact over tcp, which costs a client of a single request more than it saves.
   */
  readonly sameHost?: boolean
  /** The largest body that this client takes and sends, in bytes, from 1 KiB to 1 GiB. Default 64 MiB. */
  readonly maxBody?: number
  /**
   * The most that waits for one peer, in bytes, from 1 MiB to 1 GiB: requests without an answer and one-way messages without
   * a receipt, each with 1 KiB beside its body; bodies of 512 KiB and more are bounded by `maxBody` instead. Default 16 MiB.
   * Lower: QUEUE_FULL comes sooner. Higher: a peer that stops reading costs more memory here.
   */
  readonly maxPerPeer?: number
  /**
   * The key of this client, in secure mode: the path of its key file, or the pair itself. Default: the path in ZMQNET_KEY,
   * else the only key of a client of the peers file that lies in keys/ beside it.
   */
  readonly key?: string | KeyPair
}

/** How a node or client is closed. */
export interface CloseOptions {
  /** Milliseconds that running handlers and requests in flight are given. Default 1000. */
  readonly drain?: number
}

/** A member of the mesh. */
export interface Node extends AsyncDisposable {
  readonly name: string
  /** Where it listens. */
  readonly endpoint: string
  /** This run of the node. */
  readonly incarnation: number
  /** Answers a verb: requests, broadcasts and sends alike. Replaces the handler that was there. */
  handle(verb: string, handler: Handler): void
  /** Takes the handler of a verb away; gives whether there was one. */
  unhandle(verb: string): boolean
  /** Asks a peer and gives its reply. */
  request(peer: string, verb: string, body?: BodyValue, options?: RequestOptions): Promise<BodyValue>
  /**
   * Sends a one-way message; resolves when the peer's node has it. Messages to one peer leave in the order of the calls.
   * When too many are under way it waits: who awaits each, or keeps a number in flight, goes as fast as the peer takes
   * them. Rejects with QUEUE_FULL when as much waits for the peer as `maxPerPeer` says (16 MiB), or 65,536 messages.
   */
  send(peer: string, verb: string, body?: BodyValue, options?: SendOptions): Promise<Receipt>
  /** Asks every other member at once. Never rejects for a peer that is missing: the result says so. */
  broadcast(verb: string, body?: BodyValue, options?: BroadcastOptions): Promise<BroadcastResult>
  /**
   * What happens to peers and links, from now on. Ends when the loop is left or the node closes. Whoever calls it before
   * awaiting anything else than `createNode` misses nothing: until then nothing was heard of anybody.
   */
  events(): AsyncIterableIterator<NodeEvent>
  peers(): readonly PeerView[]
  status(): NodeStatus
  /**
   * Resolves when every peer is alive and every link open, but for peers that are revoked; rejects with TIMEOUT after
   * `timeout` ms (default 10000).
   */
  ready(timeout?: number): Promise<void>
  /**
   * Reads the peers file and the key again, as the watch does, and applies what they say of keys and rules. Throws a
   * ZmqnetError of code CONFIG, and changes nothing, when they are wrong, or in plain mode.
   */
  reload(): void
  /** Says goodbye, takes no new work, waits for what runs, closes. */
  close(options?: CloseOptions): Promise<void>
}

/** What became of a client's message. */
export interface MessageResult extends BroadcastResult {
  /** The node that was asked and that sent the broadcast. */
  readonly node: string
  /** The id of the message, as the node's log names it. */
  readonly id: string
  /** How many attempts the client needed to reach the node. */
  readonly attempts: number
}

/** Talks to one node without being a member. */
export interface Client extends AsyncDisposable {
  /** The node it talks to. */
  readonly node: string
  /** The name that the client was given for this run. */
  readonly name: string
  /** What carries its link at present; undefined while it is not open. */
  readonly transport: 'tcp' | 'ipc' | undefined
  request(verb: string, body?: BodyValue, options?: RequestOptions): Promise<BodyValue>
  send(verb: string, body?: BodyValue, options?: SendOptions): Promise<Receipt>
  /** Has the node broadcast `body` to all its peers under the verb `message`, and gives the tally. */
  message(body: BodyValue, options?: RequestOptions): Promise<MessageResult>
  /** The node's own view of itself and its peers. */
  status(options?: RequestOptions): Promise<NodeStatus>
  /** Round trip to the node's event loop, in milliseconds with fraction. */
  ping(options?: RequestOptions): Promise<number>
  close(options?: CloseOptions): Promise<void>
}
