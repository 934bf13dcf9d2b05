/**
 * The peers file: both shapes, every way to say where a peer is, and for each mistake the path and the words.
 */

import test from 'ava'
import { type PeersFileResult, parsePeersFile, parsePeersObject } from '../../src/discovery/peers-file.ts'

/** What is wrong, one line per fault: "path: message". */
function faultsOf(result: PeersFileResult): readonly string[] {
  return result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`)
}

function addressesOf(...peers: readonly unknown[]): readonly string[] | readonly string[] {
  const result = parsePeersFile({ peers })
  return result.ok ? result.config.peers.map((peer) => peer.address) : faultsOf(result)
}

const ALPHA = { name: 'alpha', address: '127.0.0.1:7001' }

test('the shape with info and replicas is read', (t) => {
  const replica = (pid: number, name: string, port: number) => {
    return { pid, name, address: `10.0.0.${pid}:${port}`, host: `host-${pid}`, ipaddr: `10.0.0.${pid}`, port }
  }
  const json = {
    info: { network: 'lab', owner: 'me' },
    replicas: [replica(1, 'alpha', 7001), replica(2, 'bravo', 7002)],
  }
  t.deepEqual(parsePeersFile(json), {
    ok: true,
    config: {
      network: 'lab',
      peers: [
        { name: 'alpha', address: 'tcp://10.0.0.1:7001', host: 'host-1', pid: 1 },
        { name: 'bravo', address: 'tcp://10.0.0.2:7002', host: 'host-2', pid: 2 },
      ],
    },
  })
})

test('the shape with tick, log_level and peers is read', (t) => {
  const json = {
    tick: '750ms',
    log_level: 3,
    peers: [
      { pid: 1, name: 'alpha', ip_address: '127.0.0.1', port: 7001 },
      { pid: 2, name: 'bravo', ip_address: '127.0.0.1', port: 7002 },
    ],
  }
  t.deepEqual(parsePeersFile(json), {
    ok: true,
    config: {
      tickMs: 750,
      logLevel: 3,
      peers: [
        { name: 'alpha', address: 'tcp://127.0.0.1:7001', pid: 1 },
        { name: 'bravo', address: 'tcp://127.0.0.1:7002', pid: 2 },
      ],
    },
  })
})

for (const [what, peer, expected] of [
  ['address wins', { name: 'a', address: 'x:1', ipaddr: '10.0.0.1', host: 'h', port: 2 }, 'tcp://x:1'],
  ['an address without a port takes it from port', { name: 'a', address: 'x', port: 2 }, 'tcp://x:2'],
  ['an endpoint is taken as it is', { name: 'a', address: 'ipc:///run/a' }, 'ipc:///run/a'],
  ['ipaddr and port', { name: 'a', ipaddr: '10.0.0.1', host: 'h', port: 2 }, 'tcp://10.0.0.1:2'],
  ['ip_address and port', { name: 'a', ip_address: '10.0.0.1', host: 'h', port: 2 }, 'tcp://10.0.0.1:2'],
  ['an IPv6 address needs no brackets beside a port', { name: 'a', ipaddr: '::1', port: 2 }, 'tcp://[::1]:2'],
  ['host and port', { name: 'a', host: 'h', port: 2 }, 'tcp://h:2'],
  ['empty texts count as absent', { name: 'a', address: '', ipaddr: '', host: 'h', port: 2 }, 'tcp://h:2'],
] as const) {
  test(`where to dial: ${what}`, (t) => {
    t.deepEqual(addressesOf(peer), [expected])
  })
}

/** For each mistake: the whole file, and all faults that are to be reported. */
const MISTAKES: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['no object', [], [': expected an object with a list "replicas" or "peers", found an empty list']],
  ['null', null, [': expected an object with a list "replicas" or "peers", found null']],
  ['no list', {}, [': expected a list "replicas" or "peers" with at least one entry, found nothing']],
  [
    'an empty list',
    { replicas: [] },
    ['replicas: expected a list "replicas" or "peers" with at least one entry, found an empty list'],
  ],
  [
    'a list that is an object',
    { peers: {} },
    ['peers: expected a list "replicas" or "peers" with at least one entry, found an object'],
  ],
  [
    'both lists',
    { peers: [ALPHA], replicas: [ALPHA] },
    [': expected one list, "replicas" or "peers", found both'],
  ],
  [
    'too many peers',
    { peers: Array(4097).fill(ALPHA) },
    ['peers: expected at most 4096 entries, found 4097'],
  ],
  [
    'an entry that is no object',
    { peers: [ALPHA, 'bravo'] },
    ['peers[1]: expected an object, found "bravo"'],
  ],
  [
    'no name',
    { peers: [{ address: 'x:1' }] },
    [
      'peers[0].name: expected 1 to 64 bytes of UTF-8 without white space, control characters or "/", found nothing',
    ],
  ],
  [
    'bad names',
    {
      peers: ['', 'a b', 'a/b', 'a\u0007', 'x'.repeat(65), 'é'.repeat(33), 7].map((name, i) => ({
        name,
        address: `x:${i + 1}`,
      })),
    },
    ['""', '"a b"', '"a/b"', '"a\\u0007"', `"${'x'.repeat(59)}...`, `"${'é'.repeat(33)}"`, '7'].map(
      (shown, i) =>
        `peers[${i}].name: expected 1 to 64 bytes of UTF-8 without white space, control characters or "/", found ${shown}`,
    ),
  ],
  [
    'a duplicate name',
    { replicas: [ALPHA, { name: 'alpha', address: 'x:1' }] },
    ['replicas[1].name: expected each only once, found "alpha", which replicas[0] has already'],
  ],
  [
    'a duplicate address',
    { replicas: [ALPHA, { name: 'bravo', address: 'tcp://localhost:7001' }] },
    [
      'replicas[1].address: expected each only once, found "tcp://127.0.0.1:7001", which replicas[0] has already',
    ],
  ],
  [
    'a duplicate port on one host',
    { peers: [ALPHA, { name: 'bravo', ip_address: '127.0.0.1', port: 7001 }] },
    ['peers[1].port: expected each only once, found "tcp://127.0.0.1:7001", which peers[0] has already'],
  ],
  [
    'bad ports',
    { peers: [0, 65536, -1, 1.5, '7001', null, true].map((port, i) => ({ name: `n${i}`, host: 'h', port })) },
    ['0', '65536', '-1', '1.5', '"7001"', 'null', 'true'].map(
      (shown, i) => `peers[${i}].port: expected a port from 1 to 65535, found ${shown}`,
    ),
  ],
  [
    'a bad port beside a good address',
    { peers: [{ ...ALPHA, port: 99999 }] },
    ['peers[0].port: expected a port from 1 to 65535, found 99999'],
  ],
  [
    'an IP address without a port',
    { peers: [{ name: 'a', ipaddr: '10.0.0.1' }] },
    ['peers[0].port: expected a port from 1 to 65535, found nothing'],
  ],
  [
    'nowhere to dial',
    { peers: [{ name: 'a', port: 1 }] },
    ['peers[0].address: expected "host:port" (or "ipaddr" and "port", or "host" and "port"), found nothing'],
  ],
  [
    'a bad address',
    { peers: [{ name: 'a', address: 'x:99999' }] },
    ['peers[0].address: expected a port from 1 to 65535, found "x:99999"'],
  ],
  [
    'a wildcard',
    { peers: [{ name: 'a', ipaddr: '0.0.0.0', port: 1 }] },
    ['peers[0].ipaddr: expected an address that peers can dial, not a wildcard, found "0.0.0.0:1"'],
  ],
  [
    'an address that is no text',
    {
      peers: [
        { name: 'a', address: 7001 },
        { name: 'b', address: null, host: 3, port: 1 },
      ],
    },
    [
      'peers[0].address: expected a text, found 7001',
      'peers[1].host: expected a text, found 3',
      'peers[1].address: expected a text, found null',
    ],
  ],
  [
    'a bad pid',
    { peers: [{ ...ALPHA, pid: {} }] },
    ['peers[0].pid: expected a whole number or a text, found an object'],
  ],
  [
    'a bad tick',
    { tick: '500', peers: [ALPHA] },
    [
      'tick: expected a duration such as "500ms", "2s" or "1m", found "500"; a number needs its unit: "500ms" or "500s"',
    ],
  ],
  ['a tick that is too short', { tick: '1ms', peers: [ALPHA] }, ['tick: expected 10ms to 60s, found "1ms"']],
  ['a tick that is too long', { tick: '1h', peers: [ALPHA] }, ['tick: expected 10ms to 60s, found "1h"']],
  [
    'a bad log level',
    { log_level: 4, peers: [ALPHA] },
    ['log_level: expected 0 to 3, or one of error, warn, info, debug, found 4'],
  ],
  [
    'an unknown word for the log level',
    { log_level: 'loud', peers: [ALPHA] },
    ['log_level: expected 0 to 3, or one of error, warn, info, debug, found "loud"'],
  ],
  ['an info that is no object', { info: 'x', peers: [ALPHA] }, ['info: expected an object, found "x"']],
  [
    'a bad network name',
    { info: { network: 'a b' }, peers: [ALPHA] },
    [
      'info.network: expected 1 to 64 bytes of UTF-8 without white space, control characters or "/", found "a b"',
    ],
  ],
  [
    'two networks',
    { network: 'one', info: { network: 'two' }, peers: [ALPHA] },
    ['network: expected the same as info.network ("two"), found "one"'],
  ],
  [
    'misspelt fields',
    { logLevel: 3, info: { netwrok: 'x' }, peers: [{ ...ALPHA, prot: 1 }] },
    [
      'logLevel: unknown field; did you mean "log_level"?',
      'info.netwrok: unknown field; did you mean "network"?',
      'peers[0].prot: unknown field; did you mean "port"?',
    ],
  ],
  [
    'many faults at once',
    {
      tick: 'x',
      log_level: 9,
      replicas: [
        { name: 'alpha', address: 'x:1', port: 0 },
        { name: 'alpha', address: 'x' },
        { nmae: 'c', address: 'x:1' },
      ],
    },
    [
      'tick: expected a duration such as "500ms", "2s" or "1m", found "x"',
      'log_level: expected 0 to 3, or one of error, warn, info, debug, found 9',
      'replicas[0].port: expected a port from 1 to 65535, found 0',
      'replicas[1].name: expected each only once, found "alpha", which replicas[0] has already',
      'replicas[1].address: expected "host:port" or an endpoint such as "tcp://10.0.0.7:7001", found "x"',
      'replicas[2].nmae: unknown field; did you mean "name"?',
      'replicas[2].name: expected 1 to 64 bytes of UTF-8 without white space, control characters or "/", found nothing',
      'replicas[2].address: expected each only once, found "tcp://x:1", which replicas[0] has already',
    ],
  ],
]

for (const [what, json, expected] of MISTAKES) {
  test(`a mistake is reported with its path: ${what}`, (t) => {
    t.deepEqual(faultsOf(parsePeersFile(json)), expected)
  })
}

for (const [given, level] of [
  ['error', 0],
  ['warn', 1],
  ['info', 2],
  ['debug', 3],
  [0, 0],
] as const) {
  test(`log_level ${JSON.stringify(given)} is ${level}`, (t) => {
    const result = parsePeersFile({ log_level: given, peers: [ALPHA] })
    t.is(result.ok ? result.config.logLevel : undefined, level)
  })
}

test('fields that nobody knows are left alone', (t) => {
  const json = { $schema: 'x', version: 2, replicas: [{ ...ALPHA, region: 'eu', weight: 3 }], peer: 1 }
  t.deepEqual(parsePeersFile(json), {
    ok: true,
    config: { peers: [{ name: 'alpha', address: 'tcp://127.0.0.1:7001' }] },
  })
})

test('an object of a program has its times and levels as numbers', (t) => {
  const peers = [{ name: 'alpha', address: 'localhost:7001' }]
  t.deepEqual(parsePeersObject({ peers, tickMs: 100, logLevel: 1, network: 'lab' }), {
    ok: true,
    config: {
      peers: [{ name: 'alpha', address: 'tcp://127.0.0.1:7001' }],
      tickMs: 100,
      logLevel: 1,
      network: 'lab',
    },
  })
  t.deepEqual(faultsOf(parsePeersObject({ peers, tickMs: '100ms', logLevel: 7 })), [
    'tickMs: expected a whole number of milliseconds from 10 to 60000, found "100ms"',
    'logLevel: expected 0 to 3, or one of error, warn, info, debug, found 7',
  ])
})

test('a program may also hand over the JSON of a peers file that it read itself', (t) => {
  const result = parsePeersObject({ tick: '1s', log_level: 0, replicas: [{ name: 'a', host: 'h', port: 1 }] })
  t.deepEqual(result, {
    ok: true,
    config: { peers: [{ name: 'a', address: 'tcp://h:1', host: 'h' }], tickMs: 1000, logLevel: 0 },
  })
})

test('same_host is true or false, in the file and in a list that a program gives', (t) => {
  for (const given of [true, false]) {
    t.like(parsePeersFile({ same_host: given, peers: [ALPHA] }), { config: { sameHost: given } })
    t.like(parsePeersObject({ sameHost: given, peers: [ALPHA] }), { config: { sameHost: given } })
    t.like(parsePeersObject({ same_host: given, peers: [ALPHA] }), { config: { sameHost: given } })
  }
  t.deepEqual(faultsOf(parsePeersFile({ same_host: 'no', peers: [ALPHA] })), [
    'same_host: expected true or false, found "no"',
  ])
  t.deepEqual(faultsOf(parsePeersObject({ sameHost: 0, peers: [ALPHA] })), [
    'sameHost: expected true or false, found 0',
  ])
})
