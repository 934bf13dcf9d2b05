/**
 * What the peers file says of security: keys, clients, groups and rules, and the complaints about them, which never repeat
 * a key.
 */

import test, { type ExecutionContext } from 'ava'
import { type PeersFileResult, parsePeersFile, parsePeersObject } from '../../src/discovery/peers-file.ts'
import { key, pair } from '../support/keys.ts'

const ALPHA = { name: 'alpha', address: '127.0.0.1:1', public_key: key('alpha') }
const BRAVO = { name: 'bravo', address: '127.0.0.1:2', public_key: key('bravo') }
const OPS = { name: 'ops', public_key: key('ops') }
const UNTIL = '2026-12-01T00:00:00Z'
const FORMER = { key: key('former'), until: UNTIL }

function faultsOf(result: PeersFileResult): readonly string[] {
  return result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`)
}

/** The faults of a file whose members are given, with what else it says. */
function faults(peers: readonly unknown[], rest: object = {}): readonly string[] {
  return faultsOf(parsePeersFile({ peers, ...rest }))
}

function good(t: ExecutionContext, result: PeersFileResult) {
  if (!result.ok) throw new Error(faultsOf(result).join('\n'))
  t.true(result.ok)
  return result.config
}

test('a file with everything of secure mode is read', (t) => {
  const config = good(
    t,
    parsePeersFile({
      peers: [
        { ...ALPHA, former_key: FORMER, allow: ['*'] },
        { ...BRAVO, revoked: true },
      ],
      clients: [
        { ...OPS, allow: ['message', 'jobs.*'] },
        { name: 'gone', revoked: true },
      ],
      groups: { edge: ['alpha', 'ops'] },
      rules: [{ from: ['@edge', 'bravo'], allow: ['jobs.*'] }],
    }),
  )
  t.deepEqual(config, {
    peers: [
      {
        name: 'alpha',
        address: 'tcp://127.0.0.1:1',
        publicKey: key('alpha'),
        formerKey: { key: key('former'), until: Date.parse(UNTIL) },
        allow: ['*'],
      },
      { name: 'bravo', address: 'tcp://127.0.0.1:2', publicKey: key('bravo'), revoked: true },
    ],
    clients: [
      { name: 'ops', publicKey: key('ops'), allow: ['message', 'jobs.*'] },
      { name: 'gone', revoked: true },
    ],
    groups: { edge: ['alpha', 'ops'] },
    rules: [{ from: ['@edge', 'bravo'], allow: ['jobs.*'] }],
  })
  t.deepEqual(good(t, parsePeersObject(config)), config)
})

test('a program may write names in camel case, moments as numbers, or the JSON of a file', (t) => {
  const formerKey = { key: FORMER.key, until: Date.parse(UNTIL) }
  const { public_key: publicKey, ...rest } = ALPHA
  const fromObject = good(t, parsePeersObject({ peers: [{ ...rest, publicKey, formerKey }] }))
  t.deepEqual(good(t, parsePeersObject({ peers: [{ ...ALPHA, former_key: FORMER }] })), fromObject)
})

test('a file in camel case is told the right name, because its keys would be ignored', (t) => {
  const { public_key: publicKey, ...rest } = ALPHA
  t.deepEqual(faults([{ ...rest, publicKey }]), [
    'peers[0].publicKey: unknown field; did you mean "public_key"?',
  ])
})

test('once one entry has a key, those without are listed: secure mode is closed', (t) => {
  const bare = (name: string, port: number) => ({ name, address: `127.0.0.1:${port}` })
  t.deepEqual(faults([ALPHA, bare('bravo', 2), bare('charlie', 3)]), [
    'peers: expected "public_key" in every entry, because some have one; bravo, charlie have none',
  ])
  t.deepEqual(faults([bare('bravo', 2)], { clients: [OPS] }), [
    'peers: expected "public_key" in every entry, because some have one; bravo have none',
  ])
  t.deepEqual(faults([bare('bravo', 2), { ...bare('charlie', 3), revoked: true }]), [
    'peers: expected "public_key" in every entry, because some have one; bravo have none',
  ])
  t.deepEqual(faults([ALPHA, { ...bare('bravo', 2), revoked: true }]), [])
  const many = Array.from({ length: 30 }, (_, index) => bare(`n${index}`, index + 2))
  t.regex(faults([ALPHA, ...many])[0] ?? '', / n18, n19 and 10 more have none$/)
})

test('rules and lists of verbs in a file without keys are faults: nobody would apply them', (t) => {
  const plain = { name: 'alpha', address: '127.0.0.1:1' }
  t.deepEqual(faults([{ ...plain, allow: ['x'] }], { rules: [{ from: ['alpha'], allow: ['x'] }] }), [
    'peers[0].allow: expected nothing: it counts only with keys, and no entry has "public_key"',
    'rules: expected nothing: it counts only with keys, and no entry has "public_key"',
  ])
  t.deepEqual(faults([plain], { rules: [], clients: [], groups: { edge: ['alpha'] } }), [])
})

test('each key stands once, whoever has it and as what', (t) => {
  t.deepEqual(faults([ALPHA, { ...BRAVO, public_key: ALPHA.public_key }]), [
    'peers[1].public_key: expected each key only once, found that of peers[0]',
  ])
  t.deepEqual(
    faults([ALPHA], { clients: [{ ...OPS, former_key: { key: ALPHA.public_key, until: UNTIL } }] }),
    ['clients[0].former_key.key: expected each key only once, found that of peers[0]'],
  )
  t.deepEqual(faults([{ ...ALPHA, former_key: { key: ALPHA.public_key, until: UNTIL } }]), [
    'peers[0].former_key.key: expected each key only once, found that of peers[0]',
  ])
})

test('what stands for a key and is none is never repeated', (t) => {
  const secret = pair('alpha').secretKey
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [secret.slice(1), /: 40 characters of Z85, found a text of 39 characters$/],
    [`"${secret.slice(1)}`, /: 40 characters of Z85, found a text that is no Z85$/],
    [`${secret}${secret}`, /found a text of 80 characters$/],
    ['', /found a text of 0 characters$/],
    [7, /^peers\[0\].public_key: expected a public key of 40 characters, found 7$/],
    [{ key: secret }, /found an object$/],
  ]
  for (const [value, pattern] of wrong) {
    const [first = '', ...others] = faults([{ ...ALPHA, public_key: value }])
    t.regex(first, pattern)
    t.deepEqual(others, [])
    t.false(first.includes(secret.slice(1, 20)))
  }
})

test('a private key in the peers file is a fault, and is not repeated', (t) => {
  const { secretKey } = pair('alpha')
  for (const field of ['private_key', 'secret_key', 'privateKey', 'secretKey']) {
    t.deepEqual(faults([{ ...ALPHA, [field]: secretKey }]), [
      `peers[0].${field}: a private key never stands in the peers file; make a new one, this one is known`,
    ])
    t.is(faults([ALPHA], { clients: [{ ...OPS, [field]: secretKey }] }).length, 1)
  }
})

test('a former key needs a key, an end and a key that replaces it', (t) => {
  const former = (value: unknown) => faults([{ ...ALPHA, former_key: value }])
  t.deepEqual(former(FORMER), [])
  t.deepEqual(former({ key: FORMER.key }), [
    'peers[0].former_key.until: expected a moment such as "2026-12-01T00:00:00Z", found nothing',
  ])
  t.deepEqual(former({ until: UNTIL }), [
    'peers[0].former_key.key: expected a public key of 40 characters, found nothing',
  ])
  t.deepEqual(former({ ...FORMER, until: 1_764_547_200_000 }), [
    'peers[0].former_key.until: expected a moment such as "2026-12-01T00:00:00Z", found 1764547200000',
  ])
  t.deepEqual(former(FORMER.key), [
    'peers[0].former_key: expected an object with "key" and "until", found a text',
  ])
  const { public_key: _, ...bare } = ALPHA
  t.deepEqual(faults([{ ...bare, former_key: FORMER }]), [
    'peers[0].former_key: expected a "public_key" that replaces it, found nothing',
  ])
})

test('verbs are names, or a beginning with a star', (t) => {
  const allow = (value: unknown) => faults([{ ...ALPHA, allow: value }])
  t.deepEqual(allow(['a', 'jobs.*', '*', 'ü'.repeat(127)]), [])
  t.deepEqual(
    allow(['*.x', '', 7, 'ü'.repeat(128)]).map((line) => line.slice(0, 18)),
    ['peers[0].allow[0]:', 'peers[0].allow[1]:', 'peers[0].allow[2]:', 'peers[0].allow[3]:'],
  )
  t.deepEqual(allow('*'), ['peers[0].allow: expected a list, found "*"'])
  t.deepEqual(allow(Array(257).fill('a')), ['peers[0].allow: expected at most 256 entries, found 257'])
})

test('clients have names of their own and keys', (t) => {
  const clients = (value: unknown) => faults([ALPHA], { clients: value })
  t.deepEqual(clients([{ ...OPS, name: 'alpha' }]), [
    'clients[0].name: expected each only once, found "alpha", which peers[0] has already',
  ])
  t.deepEqual(clients([{ name: 'ops' }]), [
    'clients[0].public_key: expected a public key of 40 characters, found nothing',
  ])
  t.deepEqual(clients([{ public_key: OPS.public_key }]), [
    'clients[0].name: expected the name of a client, found nothing',
  ])
  t.deepEqual(clients([7]), ['clients[0]: expected an object, found 7'])
  t.deepEqual(clients({}), ['clients: expected a list, found an object'])
  t.deepEqual(clients([{ ...OPS, revoked: 'yes' }]), [
    'clients[0].revoked: expected true or false, found "yes"',
  ])
  t.deepEqual(clients(Array(4097).fill(OPS)), ['clients: expected at most 4096 entries, found 4097'])
})

test('groups and rules name who is there', (t) => {
  t.deepEqual(faults([ALPHA], { groups: { edge: ['alpha', 'delta'] } }), [
    'groups.edge[1]: expected the name of a member or client of this file, found "delta"',
  ])
  t.deepEqual(faults([ALPHA], { groups: { edge: ['@edge'] } }).length, 1)
  t.deepEqual(faults([ALPHA], { groups: ['alpha'] }), ['groups: expected an object of lists, found a list'])
  t.deepEqual(faults([ALPHA], { groups: { edge: 'alpha' } }), ['groups.edge: expected a list, found "alpha"'])
  t.regex(faults([ALPHA], { groups: { 'a b': [] } })[0] ?? '', /^groups\.a b: expected 1 to 64 bytes/)
  const rules = (value: unknown) => faults([ALPHA], { groups: { edge: [] }, rules: value })
  t.deepEqual(rules([{ from: ['@edge', 'alpha'], allow: [] }]), [])
  t.deepEqual(rules([{ from: ['@core', 'delta', 7], allow: ['x'] }]), [
    'rules[0].from[0]: expected the name of a member or client of this file, or a group as "@name", found "@core"',
    'rules[0].from[1]: expected the name of a member or client of this file, or a group as "@name", found "delta"',
    'rules[0].from[2]: expected the name of a member or client of this file, or a group as "@name", found 7',
  ])
  t.deepEqual(rules([{ fro: ['alpha'] }]), [
    'rules[0].fro: unknown field; did you mean "from"?',
    'rules[0].allow: expected a list of verbs, found nothing',
    'rules[0].from: expected a list of names, found nothing',
  ])
  t.deepEqual(rules(['x']), ['rules[0]: expected an object, found "x"'])
  t.deepEqual(rules([{ from: ['@toString'], allow: [] }]).length, 1)
  t.deepEqual(
    faults([ALPHA], { groups: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`g${n}`, []])) }),
    ['groups: expected at most 256 groups, found 257'],
  )
})

test('slips of the pen for fields of security are told', (t) => {
  t.deepEqual(faults([{ ...ALPHA, alow: ['x'] }]), ['peers[0].alow: unknown field; did you mean "allow"?'])
  t.deepEqual(faults([ALPHA], { client: [] }), ['client: unknown field; did you mean "clients"?'])
  t.deepEqual(faults([ALPHA], { clients: [{ ...OPS, reovked: true }] }), [
    'clients[0].reovked: unknown field; did you mean "revoked"?',
  ])
})
