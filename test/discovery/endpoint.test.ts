/**
 * Addresses: what is dialled and what is bound for each form that people write, and what is refused.
 */

import test from 'ava'
import {
  bindEndpoint,
  dialEndpoint,
  joinHostAndPort,
  parseAddress,
  parseBindAddress,
} from '../../src/discovery/endpoint.ts'

/** What is written, what peers dial, what the node binds. */
const GOOD: readonly (readonly [string, string, string])[] = [
  ['127.0.0.1:7001', 'tcp://127.0.0.1:7001', 'tcp://127.0.0.1:7001'],
  ['tcp://127.0.0.1:7001', 'tcp://127.0.0.1:7001', 'tcp://127.0.0.1:7001'],
  ['localhost:7001', 'tcp://127.0.0.1:7001', 'tcp://127.0.0.1:7001'],
  ['LOCALHOST:7001', 'tcp://127.0.0.1:7001', 'tcp://127.0.0.1:7001'],
  ['10.0.0.7:1', 'tcp://10.0.0.7:1', 'tcp://10.0.0.7:1'],
  ['alpha:7001', 'tcp://alpha:7001', 'tcp://*:7001'],
  ['Alpha.Example.com:65535', 'tcp://alpha.example.com:65535', 'tcp://*:65535'],
  ['my_host-1.local:7001', 'tcp://my_host-1.local:7001', 'tcp://*:7001'],
  ['[::1]:7001', 'tcp://[::1]:7001', 'tcp://[::1]:7001'],
  ['[FD00::7]:7001', 'tcp://[fd00::7]:7001', 'tcp://[fd00::7]:7001'],
  ['[1:2:3:4:5:6:7:8]:7001', 'tcp://[1:2:3:4:5:6:7:8]:7001', 'tcp://[1:2:3:4:5:6:7:8]:7001'],
  ['[::ffff:10.0.0.1]:7001', 'tcp://[::ffff:10.0.0.1]:7001', 'tcp://[::ffff:10.0.0.1]:7001'],
  ['[fe80::1%eth0]:7001', 'tcp://[fe80::1%eth0]:7001', 'tcp://[fe80::1%eth0]:7001'],
  ['ipc:///run/alpha', 'ipc:///run/alpha', 'ipc:///run/alpha'],
  ['ipc://alpha.sock', 'ipc://alpha.sock', 'ipc://alpha.sock'],
]

for (const [text, dial, bind] of GOOD) {
  test(`${text} is dialled as ${dial} and bound as ${bind}`, (t) => {
    const result = parseAddress(text)
    if (!result.ok) return t.fail(result.message)
    t.is(dialEndpoint(result.address), dial)
    t.is(bindEndpoint(result.address), bind)
  })
}

/** What is written, and a part of the complaint. */
const BAD: readonly (readonly [unknown, string])[] = [
  [undefined, 'expected "host:port"'],
  [7001, 'expected "host:port"'],
  ['', 'expected "host:port"'],
  ['alpha', 'expected "host:port"'],
  ['10.0.0.7', 'expected "host:port"'],
  ['alpha:', 'expected a port'],
  ['alpha:0', 'expected a port'],
  ['alpha:65536', 'expected a port'],
  ['alpha:-1', 'expected a port'],
  ['alpha:7001x', 'expected a port'],
  ['alpha: 7001', 'expected a port'],
  ['al pha:7001', 'expected a host name'],
  ['-alpha:7001', 'expected a host name'],
  ['alpha/x:7001', 'expected a host name'],
  ['10.0.0:7001', 'expected an IPv4 address'],
  ['10.0.0.256:7001', 'expected an IPv4 address'],
  ['::1:7001', 'expected brackets'],
  ['[10.0.0.1]:7001', 'expected an IPv6 address'],
  ['[1:2:3]:7001', 'expected an IPv6 address'],
  ['[1::2::3]:7001', 'expected an IPv6 address'],
  ['[12345::]:7001', 'expected an IPv6 address'],
  ['[::1%]:7001', 'expected an IPv6 address'],
  ['[::1]', 'expected'],
  ['*:7001', 'not a wildcard'],
  [':7001', 'not a wildcard'],
  ['0.0.0.0:7001', 'not a wildcard'],
  ['[::]:7001', 'not a wildcard'],
  ['http://alpha:7001', 'not "http://"'],
  ['inproc://alpha', 'not "inproc://"'],
  ['ipc://', 'expected a path'],
  [`ipc://${'x'.repeat(108)}`, 'at most 107 bytes'],
  ['tcp://alpha', 'expected "host:port"'],
  ['tcp://alpha:7001/x', 'expected a port'],
  ['alpha:7001\n', 'expected'],
]

for (const [value, complaint] of BAD) {
  test(`${JSON.stringify(value)?.slice(0, 40)} cannot be dialled`, (t) => {
    const result = parseAddress(value)
    if (result.ok) return t.fail(`accepted as ${dialEndpoint(result.address)}`)
    t.true(result.message.includes(complaint), result.message)
    t.regex(result.message, /, found /)
  })
}

const BINDABLE: readonly (readonly [string, string])[] = [
  ['*:7001', 'tcp://*:7001'],
  [':7001', 'tcp://*:7001'],
  ['0.0.0.0:7001', 'tcp://0.0.0.0:7001'],
  ['[::]:7001', 'tcp://[::]:7001'],
  ['127.0.0.1:0', 'tcp://127.0.0.1:0'],
  ['tcp://*:0', 'tcp://*:0'],
  ['ipc:///run/alpha', 'ipc:///run/alpha'],
]

for (const [text, endpoint] of BINDABLE) {
  test(`${text} can be listened on as ${endpoint}`, (t) => {
    const result = parseBindAddress(text)
    if (!result.ok) return t.fail(result.message)
    t.is(bindEndpoint(result.address), endpoint)
  })
}

test('a host and a port that stand apart are joined, IPv6 with and without brackets', (t) => {
  for (const [host, endpoint] of [
    ['10.0.0.7', 'tcp://10.0.0.7:7001'],
    ['alpha', 'tcp://alpha:7001'],
    ['::1', 'tcp://[::1]:7001'],
    ['[::1]', 'tcp://[::1]:7001'],
  ] as const) {
    const result = joinHostAndPort(host, 7001)
    t.is(result.ok ? dialEndpoint(result.address) : result.message, endpoint)
  }
})
