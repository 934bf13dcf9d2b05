/**
 * Every option of every command, once. Parsing, the types of the values, the help and the shell completion are all
 * made from these tables. One rule holds over all of them and is tested: a name or letter takes a value in each command
 * that knows it, or in none; otherwise the command could not be found before its options are known.
 */

import type { OptionTable } from './option-kinds.ts'

/** Known to every command. */
export const globalOptions = {
  peers: {
    kind: 'text',
    alias: 'p',
    argument: 'PATH',
    describe: 'The peers file. Default: the path in PEERS_PATH, else ./peers.json',
  },
  json: { kind: 'flag', describe: 'Print JSON with stable keys, one object per line' },
  debug: { kind: 'flag', describe: 'Print the stack of an error, too (so does ZMQNET_DEBUG=1)' },
  help: { kind: 'flag', alias: 'h', describe: 'Print this help' },
  version: { kind: 'flag', describe: 'Print the version' },
} as const satisfies OptionTable

const name = { kind: 'text', alias: 'n', argument: 'NAME', describe: 'The node to talk to' } as const
const timeout = {
  kind: 'duration',
  alias: 't',
  argument: 'TIME',
  describe: 'How long to wait for the node, for each attempt. Default 2500ms',
} as const
const retries = {
  kind: 'count',
  alias: 'r',
  argument: 'N',
  minimum: 0,
  maximum: 1000,
  describe: 'Attempts after the first. Default 3',
} as const

const key = {
  kind: 'text',
  argument: 'PATH',
  describe: 'The key file, in secure mode. Default: ZMQNET_KEY, else keys/NAME.key beside the peers file',
} as const
const clientKey = {
  ...key,
  describe:
    'The key file of this client, in secure mode. Default: ZMQNET_KEY, else the client key in keys/ beside the peers file',
} as const

export const serveOptions = {
  name: {
    kind: 'text',
    alias: 'n',
    argument: 'NAME',
    describe: 'The node to be. Default: the peer of the file whose host is this machine',
  },
  uptime: { kind: 'duration', alias: 'u', argument: 'TIME', describe: 'Stop by itself after this time' },
  tick: {
    kind: 'duration',
    argument: 'TIME',
    describe: 'The shortest time between two heartbeats. Default: as in the file, else 500ms',
  },
  bind: { kind: 'text', argument: 'ADDRESS', describe: 'Where to listen. Default: what the peers dial' },
  key,
  insecure: {
    kind: 'flag',
    describe: 'Listen beyond this machine without keys: whoever reaches the port can take part',
  },
  'no-same-host': {
    kind: 'flag',
    describe: 'Talk tcp to peers on this machine, too. Default: as in the file, else ipc where possible',
  },
  drain: {
    kind: 'duration',
    argument: 'TIME',
    default: '1s',
    describe: 'How long running work is given when the node stops',
  },
  'log-level': {
    kind: 'choice',
    argument: 'LEVEL',
    choices: ['error', 'warn', 'info', 'debug', '0', '1', '2', '3'],
    describe: 'How much to log. Default: as in the file, else info',
  },
  'log-json': { kind: 'flag', describe: 'Log JSON lines' },
} as const satisfies OptionTable

export const sendOptions = {
  name,
  delay: { kind: 'duration', alias: 'd', argument: 'TIME', describe: 'Wait before sending' },
  timeout,
  retries,
  key: clientKey,
  strict: {
    kind: 'flag',
    describe: 'Count the peers that have left the mesh as missing, too',
  },
} as const satisfies OptionTable

export const requestOptions = {
  name,
  timeout,
  retries,
  key: clientKey,
  idempotent: {
    kind: 'flag',
    describe: 'Allow a second run when it is unknown whether the first one happened',
  },
  raw: { kind: 'flag', describe: 'Take the body as text, even when it looks like JSON' },
} as const satisfies OptionTable

export const pingOptions = {
  name: { ...name, describe: 'The node to ping. Default: all nodes of the file, one line each' },
  count: {
    kind: 'count',
    alias: 'c',
    argument: 'N',
    minimum: 0,
    maximum: 1_000_000_000,
    describe: 'How many times; 0 goes on until Ctrl-C. Default 4, without -n 1',
  },
  interval: {
    kind: 'duration',
    alias: 'i',
    argument: 'TIME',
    default: '1s',
    describe: 'The time between two pings',
  },
  timeout: { ...timeout, default: '2500ms', describe: 'How long to wait for each answer' },
  key: clientKey,
} as const satisfies OptionTable

export const statusOptions = {
  name: { ...name, describe: "The node to ask. Default: all, to show every node's view of every other" },
  timeout: { ...timeout, default: '2500ms', describe: 'How long to wait for each node' },
  key: clientKey,
  watch: { kind: 'flag', alias: 'w', describe: 'Ask again and again, until Ctrl-C' },
  interval: {
    kind: 'duration',
    alias: 'i',
    argument: 'TIME',
    default: '2s',
    describe: 'The time between two views',
  },
} as const satisfies OptionTable

export const benchOptions = {
  name: { ...name, describe: 'The node to load. Default: the first of the file' },
  mode: {
    kind: 'choice',
    argument: 'MODE',
    choices: ['echo', 'oneway', 'broadcast', 'all'],
    default: 'all',
    describe: 'What to measure',
  },
  duration: {
    kind: 'duration',
    alias: 'd',
    argument: 'TIME',
    default: '10s',
    describe: 'How long, for each mode',
  },
  concurrency: {
    kind: 'count',
    alias: 'c',
    argument: 'N',
    minimum: 1,
    maximum: 100_000,
    default: 100,
    describe: 'How many operations are in flight',
  },
  size: {
    kind: 'count',
    argument: 'BYTES',
    minimum: 0,
    maximum: 16 * 1024 * 1024,
    default: 100,
    describe: 'The size of each body',
  },
  timeout: { ...timeout, default: '2500ms', describe: 'How long each operation may take' },
  key: clientKey,
  output: {
    kind: 'text',
    alias: 'o',
    argument: 'FILE',
    describe: 'Write the results as JSON to this file, too',
  },
} as const satisfies OptionTable

export const keysOptions = {
  name: { ...name, describe: 'Whose key it is' },
  client: { kind: 'flag', describe: 'new, revoke: the key of a client, which is no member' },
  dir: {
    kind: 'text',
    argument: 'DIR',
    describe: 'The folder of the key files. Default: keys, beside the peers file',
  },
  key: {
    ...key,
    describe: 'new, show, rotate: the key file. Default: ZMQNET_KEY, else NAME.key in the folder',
  },
  overlap: {
    kind: 'duration',
    argument: 'TIME',
    describe: 'rotate: how long the former key counts beside the new one. Default 1h',
  },
  force: {
    kind: 'flag',
    describe: 'new: replace a key that is there. rotate: end a former key that still counts',
  },
} as const satisfies OptionTable

export const completionOptions = {} as const satisfies OptionTable
