/** From the peers file to a policy: who is known by which keys, and what each may use. */

import test from 'ava'
import { isSecure, policyOf } from '../../src/discovery/trust.ts'
import type { SecurityPolicy } from '../../src/security/policy.ts'
import { rulesOf } from '../../src/security/rules.ts'
import { key } from '../support/keys.ts'

const member = (name: string, rest: object = {}) => ({ name, publicKey: key(name), ...rest })

/** What a party of the policy may use. */
function allowOf(policy: SecurityPolicy, name: string): readonly string[] | undefined {
  return policy.parties.find((party) => party.name === name)?.allow
}

test('a file is secure when one entry has a key, also when it is revoked or a client', (t) => {
  const bare = { name: 'alpha' }
  t.false(isSecure({ peers: [bare] }))
  t.false(isSecure({ peers: [bare], clients: [] }))
  t.true(isSecure({ peers: [bare, member('bravo')] }))
  t.true(isSecure({ peers: [bare], clients: [member('ops')] }))
  t.true(isSecure({ peers: [{ ...bare, revoked: true }] }))
})

test('a party has its present key first, then the former one until its end, and none when it is revoked', (t) => {
  const formerKey = { key: key('old'), until: 7 }
  const policy: SecurityPolicy = policyOf({
    peers: [member('alpha', { formerKey }), member('bravo', { revoked: true, formerKey })],
    clients: [member('ops'), { name: 'gone', revoked: true }],
  })
  t.deepEqual(
    policy.parties.map(({ role, name, keys }) => [role, name, keys]),
    [
      ['node', 'alpha', [{ key: key('alpha') }, { key: key('old'), until: 7 }]],
      ['node', 'bravo', []],
      ['client', 'ops', [{ key: key('ops') }]],
      ['client', 'gone', []],
    ],
  )
})

test('members may use everything, clients only message and status, when the file does not say', (t) => {
  const policy = policyOf({ peers: [member('alpha')], clients: [member('ops')] })
  t.deepEqual(allowOf(policy, 'alpha'), ['*'])
  const may = rulesOf(allowOf(policy, 'ops') ?? [])
  for (const verb of ['message', 'status', 'zmqnet.message', 'zmqnet.status']) t.true(may(verb), verb)
  for (const verb of ['zmqnet.echo', 'zmqnet.cast', 'zmqnet.sink', 'jobs.list', 'messages'])
    t.false(may(verb), verb)
})

test('what an entry or a rule says replaces the default, and both together add up', (t) => {
  const policy = policyOf({
    peers: [
      member('alpha', { allow: ['a'] }),
      member('bravo'),
      member('charlie'),
      member('delta', { allow: [] }),
    ],
    clients: [member('ops')],
    groups: { edge: ['alpha', 'bravo', 'ops'], same: ['bravo'] },
    rules: [
      { from: ['@edge', '@same'], allow: ['jobs.*'] },
      { from: ['ops', 'alpha'], allow: ['a', 'b'] },
    ],
  })
  t.deepEqual(allowOf(policy, 'alpha'), ['a', 'jobs.*', 'b'])
  t.deepEqual(allowOf(policy, 'bravo'), ['jobs.*'])
  t.deepEqual(allowOf(policy, 'charlie'), ['*'])
  t.deepEqual(allowOf(policy, 'delta'), [])
  t.deepEqual(allowOf(policy, 'ops'), ['jobs.*', 'a', 'b'])
})

test('the words of the file for calls of a client stand for their verbs too', (t) => {
  const policy = policyOf({ peers: [], clients: [member('ops', { allow: ['ping', 'jobs.*', 'toString'] })] })
  t.deepEqual(allowOf(policy, 'ops'), ['ping', 'zmqnet.echo', 'jobs.*', 'toString'])
})
