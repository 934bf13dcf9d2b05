/**
 * Imports go one way through the house. Each rule is tried with a planted violation, so that a blind checker is noticed.
 */

import test from 'ava'
import { checkLayers } from './layers.ts'
import { linesOf, readSources, sourceFile } from './source-file.ts'

test('every import in src goes through a door of the house', (t) => {
  const sources = readSources('src')
  t.true(sources.length > 20)
  t.deepEqual(linesOf(checkLayers(sources)), [])
})

const GOOD: readonly (readonly [string, string])[] = [
  [
    'src/wire/a.ts',
    "import { x } from '../base/assert.ts'\nimport { y } from './b.ts'\nimport { Packr } from 'msgpackr'",
  ],
  ['src/wire/deep/a.ts', "import { x } from '../../base/assert.ts'\nimport { y } from '../b.ts'"],
  ['src/rpc/a.ts', "import type { ErrorCode } from '../errors.ts'\nimport { x } from '../wire/messages.ts'"],
  ['src/membership/a.ts', "import { x } from '../liveness/suspicion.ts'"],
  [
    'src/transport/zmq-link.ts',
    "import * as zmq from 'zeromq'\nimport { x } from '../base/ids.ts'\nimport 'node:net'",
  ],
  ['src/node/a.ts', "import { zmqTransport } from '../transport/zmq.ts'\nimport winston from 'winston'"],
  [
    'src/sim/a.ts',
    "import type { Transport } from '../transport/transport.ts'\nimport { startNode } from '../node/node.ts'",
  ],
  [
    'src/index.ts',
    "export { createNode } from './node/node.ts'\nexport { parseDuration } from './discovery/duration.ts'",
  ],
  [
    'src/cli/a.ts',
    "import yargs from 'yargs/yargs'\nconst { x } = await import('../index.ts')\nimport '../sim/index.ts'",
  ],
]

for (const [path, text] of GOOD) {
  test(`the rule of layers allows what belongs into ${path}`, (t) => {
    t.deepEqual(linesOf(checkLayers([sourceFile(path, text)])), [])
  })
}

const PLANTED: readonly (readonly [string, string, string])[] = [
  ['src/base/a.ts', "import { x } from '../wire/messages.ts'", 'base must not import wire/messages.ts'],
  ['src/base/a.ts', "import type { X } from '../errors.ts'", 'base must not import errors.ts'],
  ['src/errors.ts', "import { x } from './base/assert.ts'", 'errors.ts must not import base/assert.ts'],
  ['src/wire/a.ts', "import { x } from '../rpc/caller.ts'", 'wire must not import rpc/caller.ts'],
  ['src/wire/a.ts', "import { readFileSync } from 'node:fs'", 'wire is pure and cannot import "node:fs"'],
  ['src/rpc/a.ts', "import { x } from '../liveness/heart.ts'", 'rpc must not import liveness/heart.ts'],
  [
    'src/rpc/a.ts',
    "import { ZmqnetError } from '../errors.ts'",
    'rpc must not import errors.ts but for its types',
  ],
  [
    'src/liveness/a.ts',
    "import { x } from '../membership/roster.ts'",
    'liveness must not import membership/roster.ts',
  ],
  ['src/rpc/a.ts', "import type { X } from '../node/api.ts'", 'rpc must not import node/api.ts'],
  [
    'src/session/a.ts',
    "import { x } from '../transport/transport.ts'",
    'session must not import transport/transport.ts',
  ],
  ['src/transport/zmq.ts', "import { x } from '../wire/batch.ts'", 'transport must not import wire/batch.ts'],
  ['src/node/a.ts', "import { x } from '../index.ts'", 'node must not import index.ts'],
  ['src/node/a.ts', "import { x } from '../sim/clock.ts'", 'node must not import sim/clock.ts'],
  ['src/sim/a.ts', "import { x } from '../transport/zmq.ts'", 'sim must not import transport/zmq.ts'],
  ['src/sim/a.ts', "import { x } from '../rpc/caller.ts'", 'sim must not import rpc/caller.ts'],
  ['src/index.ts', "export { x } from './transport/zmq.ts'", 'index.ts must not import transport/zmq.ts'],
  ['src/index.ts', "export { x } from './cli/run.ts'", 'index.ts must not import cli/run.ts'],
  ['src/cli/a.ts', "const x = await import('../node/node.ts')", 'cli must not import node/node.ts'],
  [
    'src/cli/a.ts',
    'const x = await import(path)',
    'An import of an expression cannot be checked; write the path as a text',
  ],
  [
    'src/node/a.ts',
    "import x from '../../bin/zmqnet.js'",
    'node imports bin/zmqnet.js, which is outside of src',
  ],
  [
    'src/transport/outbox.ts',
    "import 'zeromq'",
    '"zeromq" may be imported only by ^src/transport/zmq[^/]*.ts$',
  ],
  [
    'src/node/a.ts',
    "import { pack } from 'msgpackr/pack'",
    '"msgpackr/pack" may be imported only by ^src/wire/',
  ],
  ['src/wire/a.ts', "import 'winston'", '"winston" may be imported only by ^src/(node|cli)/'],
  ['src/node/a.ts', "import 'yargs'", '"yargs" may be imported only by ^src/cli/'],
  ['src/node/a.ts', "import 'fs'", '"fs" is no run-time dependency of the project'],
  ['src/node/a.ts', "import '@scope/x'", '"@scope/x" is no run-time dependency of the project'],
  ['src/node/a.ts', "import 'toString'", '"toString" is no run-time dependency of the project'],
  ['src/utils/a.ts', '', 'There is no room "utils" in the plan of the house'],
]

for (const [path, text, message] of PLANTED) {
  test(`the rule of layers catches in ${path}: ${text}`, (t) => {
    t.deepEqual(linesOf(checkLayers([sourceFile(path, text)])), [`${path}:1: ${message}`])
  })
}
