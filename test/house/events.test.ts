/**
 * Every event has a test that names it: those that users see (NodeEvent in src/node/api.ts) and those that machines tell
 * each other. That the README says of each what it means is not checked: it names the common ones.
 */

import { readFileSync } from 'node:fs'
import test from 'ava'
import { pathsUnder } from './source-file.ts'

const KIND = /\breadonly kind:\s*((?:\|?\s*'[a-z:-]+'\s*)+)/g
const MACHINES = ['rpc', 'oneway', 'transfer', 'broadcast', 'liveness', 'session', 'node']

/** The kinds that the types in a text have. */
function kindsIn(text: string): readonly string[] {
  return [...text.matchAll(KIND)].flatMap((match) =>
    [...(match[1] ?? '').matchAll(/'([^']+)'/g)].map(([, kind]) => kind ?? ''),
  )
}

/** Those of `kinds` that no test names. */
function unnamed(kinds: readonly string[]): readonly string[] {
  const texts = pathsUnder('test', '.test.ts')
    .filter((path) => !path.startsWith('test/house/'))
    .map((path) => readFileSync(path, 'utf8'))
  return kinds.filter((kind) => {
    const pattern = new RegExp(`(?<![\\w:-])${kind}(?![\\w:-])`)
    return !texts.some((text) => pattern.test(text))
  })
}

test('each event of a node is named by a test', (t) => {
  const api = readFileSync('src/node/api.ts', 'utf8')
  const [, events] = /export type NodeEvent =([\s\S]*?)\n\n/.exec(api) ?? []
  const kinds = kindsIn(events ?? '')
  t.true(kinds.length >= 17, `${kinds.length}`)
  t.deepEqual(unnamed(kinds), [])
})

test('each event and outcome that a machine tells is named by a test', (t) => {
  const paths = MACHINES.flatMap((room) => pathsUnder(`src/${room}`, '.ts'))
  const kinds = [...new Set(paths.flatMap((path) => kindsIn(readFileSync(path, 'utf8'))))]
  t.true(kinds.length >= 40, `${kinds.length}`)
  t.deepEqual(unnamed(kinds), [])
})

test('the search finds an event that no test names', (t) => {
  const kind = ['peer', 'unheard-of'].join(':')
  t.deepEqual(kindsIn(`{ readonly kind: '${kind}' | 'peer:dead'; readonly peer: string }`), [
    kind,
    'peer:dead',
  ])
  t.deepEqual(unnamed([kind, 'peer:dead']), [kind])
})
