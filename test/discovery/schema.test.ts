/**
 * The JSON Schema that ships with the package says the same as the parser: the same fields, and the same verdict on
 * samples. A validator for the few keywords that the schema uses stands here, so that no library is needed.
 */

import { readFileSync } from 'node:fs'
import test from 'ava'
import {
  FORMER_KEY_FIELDS,
  INFO_FIELDS,
  PARTY_FIELDS,
  PEER_FIELDS,
  RULE_FIELDS,
  TOP_FIELDS,
} from '../../src/discovery/fields.ts'
import { MAX_PATTERNS } from '../../src/discovery/key-fields.ts'
import { MAX_CLIENTS, MAX_GROUP_NAMES, MAX_GROUPS, MAX_RULES } from '../../src/discovery/parties.ts'
import { LOG_LEVELS, MAX_PEERS, parsePeersFile } from '../../src/discovery/peers-file.ts'
import { key } from '../support/keys.ts'

type Schema = { readonly [keyword: string]: unknown }

const schema = readJson('schema/peers.schema.json') as Schema
const definitions = schema.$defs as Readonly<Record<string, Schema>>

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function fieldsOf(part: Schema | undefined): readonly string[] {
  return Object.keys(part?.properties as object).filter((name) => name !== '$schema')
}

/** Whether `value` fits `part`. Throws at a keyword that it does not know, so that none is passed over. */
function fits(value: unknown, part: Schema): boolean {
  return Object.entries(part).every(([keyword, wanted]) => {
    const check = CHECKS[keyword]
    if (check === undefined) throw new Error(`The test does not know the keyword ${keyword}`)
    return check(value, wanted)
  })
}

const always = () => true
const isObject = (value: unknown): value is Record<string, unknown> => {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
const CHECKS: Readonly<Record<string, (value: unknown, wanted: unknown) => boolean>> = {
  $schema: always,
  $defs: always,
  title: always,
  description: always,
  $ref: (value, ref) => fits(value, definitions[String(ref).replace('#/$defs/', '')] as Schema),
  type: (value, types) => [types].flat().some((type) => isOfType(value, String(type))),
  enum: (value, values) => (values as readonly unknown[]).includes(value),
  pattern: (value, pattern) => typeof value !== 'string' || new RegExp(String(pattern), 'u').test(value),
  minimum: (value, bound) => typeof value !== 'number' || value >= Number(bound),
  maximum: (value, bound) => typeof value !== 'number' || value <= Number(bound),
  minItems: (value, bound) => !Array.isArray(value) || value.length >= Number(bound),
  maxItems: (value, bound) => !Array.isArray(value) || value.length <= Number(bound),
  items: (value, part) => !Array.isArray(value) || value.every((item) => fits(item, part as Schema)),
  maxProperties: (value, bound) => !isObject(value) || Object.keys(value).length <= Number(bound),
  additionalProperties: (value, part) =>
    !isObject(value) || Object.values(value).every((one) => fits(one, part as Schema)),
  required: (value, names) => !isObject(value) || (names as string[]).every((name) => name in value),
  properties: (value, parts) =>
    !isObject(value) ||
    Object.entries(parts as Record<string, Schema>).every(
      ([name, part]) => !(name in value) || fits(value[name], part),
    ),
  oneOf: (value, parts) => (parts as readonly Schema[]).filter((part) => fits(value, part)).length === 1,
  anyOf: (value, parts) => (parts as readonly Schema[]).some((part) => fits(value, part)),
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'object') return isObject(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

test('the schema names exactly the fields that the parser knows', (t) => {
  const properties = schema.properties as Record<string, Schema>
  t.deepEqual([...fieldsOf(schema)].sort(), [...TOP_FIELDS].sort())
  t.deepEqual([...fieldsOf(properties.info)].sort(), [...INFO_FIELDS].sort())
  t.deepEqual([...fieldsOf(definitions.peer)].sort(), [...PEER_FIELDS].sort())
  t.deepEqual(properties.log_level?.enum, [0, 1, 2, 3, ...LOG_LEVELS])
  t.is(definitions.list?.maxItems, MAX_PEERS)
})

test('the schema has the fields and limits of secure mode', (t) => {
  t.deepEqual([...fieldsOf(definitions.client)].sort(), [...PARTY_FIELDS].sort())
  t.deepEqual([...fieldsOf(definitions.former_key)].sort(), [...FORMER_KEY_FIELDS].sort())
  t.deepEqual([...fieldsOf(definitions.rule)].sort(), [...RULE_FIELDS].sort())
  const properties = schema.properties as Record<string, Schema>
  t.is(properties.clients?.maxItems, MAX_CLIENTS)
  t.is(properties.groups?.maxProperties, MAX_GROUPS)
  t.is((properties.groups?.additionalProperties as Schema | undefined)?.maxItems, MAX_GROUP_NAMES)
  t.is(properties.rules?.maxItems, MAX_RULES)
  t.is(definitions.allow?.maxItems, MAX_PATTERNS)
})

const ALPHA = { name: 'alpha', address: '127.0.0.1:7001' }
const KEYED = { ...ALPHA, public_key: key('alpha') }
const OPS = { name: 'ops', public_key: key('ops') }
const FORMER = { key: key('former'), until: '2026-12-01T00:00:00Z' }

const SAMPLES: readonly (readonly [string, unknown, boolean])[] = [
  ['the peers.json of the project', readJson('peers.json'), true],
  [
    'replicas',
    { info: { network: 'lab', x: 1 }, replicas: [{ ...ALPHA, pid: 1, host: 'h', ipaddr: '::1', port: 1 }] },
    true,
  ],
  [
    'peers',
    { tick: '1s500ms', log_level: 2, peers: [{ pid: 'a', name: 'a', ip_address: '10.0.0.1', port: 65535 }] },
    true,
  ],
  ['a word for the level', { log_level: 'debug', peers: [ALPHA] }, true],
  ['a host and a port', { network: 'lab', peers: [{ name: 'a', host: 'h', port: 7 }] }, true],
  ['unknown fields', { version: 1, peers: [{ ...ALPHA, region: 'eu' }] }, true],
  ['no list', {}, false],
  ['two lists', { peers: [ALPHA], replicas: [ALPHA] }, false],
  ['an empty list', { peers: [] }, false],
  ['no object', [], false],
  ['no name', { peers: [{ address: 'x:1' }] }, false],
  ['a name with a blank', { peers: [{ name: 'a b', address: 'x:1' }] }, false],
  ['nowhere to dial', { peers: [{ name: 'a' }] }, false],
  ['no port', { peers: [{ name: 'a', ipaddr: '10.0.0.1' }] }, false],
  ['port 0', { peers: [{ ...ALPHA, port: 0 }] }, false],
  ['port 65536', { peers: [{ ...ALPHA, port: 65536 }] }, false],
  ['a port that is a text', { peers: [{ ...ALPHA, port: '7001' }] }, false],
  ['a tick without a unit', { tick: '500', peers: [ALPHA] }, false],
  ['a tick that is a number', { tick: 500, peers: [ALPHA] }, false],
  ['shortcuts switched off', { same_host: false, peers: [ALPHA] }, true],
  ['a same_host that is a text', { same_host: 'no', peers: [ALPHA] }, false],
  ['level 4', { log_level: 4, peers: [ALPHA] }, false],
  ['a network with a slash', { info: { network: 'a/b' }, peers: [ALPHA] }, false],
  [
    'all of secure mode',
    {
      peers: [{ ...KEYED, former_key: FORMER, allow: ['*'] }],
      clients: [
        { ...OPS, allow: [] },
        { name: 'gone', revoked: true },
      ],
      groups: { edge: ['alpha', 'ops'] },
      rules: [{ from: ['@edge'], allow: ['jobs.*'] }],
    },
    true,
  ],
  ['a key of 39 characters', { peers: [{ ...ALPHA, public_key: key('alpha').slice(1) }] }, false],
  ['a key that is no Z85', { peers: [{ ...ALPHA, public_key: `"${key('alpha').slice(1)}` }] }, false],
  ['a former key without an end', { peers: [{ ...KEYED, former_key: { key: FORMER.key } }] }, false],
  [
    'an end without a zone',
    { peers: [{ ...KEYED, former_key: { ...FORMER, until: '2026-12-01T00:00' } }] },
    false,
  ],
  ['a star in the middle', { peers: [{ ...KEYED, allow: ['jobs.*.x'] }] }, false],
  ['an empty verb', { peers: [{ ...KEYED, allow: [''] }] }, false],
  ['a client without a key', { peers: [KEYED], clients: [{ name: 'ops' }] }, false],
  ['a rule for nobody', { peers: [KEYED], rules: [{ allow: ['x'] }] }, false],
  ['a group that is a text', { peers: [KEYED], groups: { edge: 'alpha' } }, false],
  ['a revoked that is a text', { peers: [{ ...KEYED, revoked: 'yes' }] }, false],
  ['a pid that is an object', { peers: [{ ...ALPHA, pid: {} }] }, false],
]

for (const [what, json, good] of SAMPLES) {
  test(`the schema and the parser agree: ${what} is ${good ? 'good' : 'bad'}`, (t) => {
    t.is(fits(json, schema), good)
    t.is(parsePeersFile(json).ok, good)
  })
}
