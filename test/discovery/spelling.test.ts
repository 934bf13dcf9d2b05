/**
 * Hints for misspelt words: each kind of slip is recognised, and words that only look a little alike are left alone.
 */

import test from 'ava'
import { misspelt } from '../../src/discovery/spelling.ts'

const KNOWN = ['address', 'name', 'ip_address', 'port', 'log_level', 'bravo']

for (const [word, meant] of [
  ['adress', 'address'],
  ['addresss', 'address'],
  ['addrass', 'address'],
  ['nmae', 'name'],
  ['Name', 'name'],
  ['ipAddress', 'ip_address'],
  ['ip-address', 'ip_address'],
  ['logLevel', 'log_level'],
  ['prot', 'port'],
  ['Brovo', 'bravo'],
] as const) {
  test(`"${word}" may mean "${meant}"`, (t) => {
    t.is(misspelt(word, KNOWN), meant)
  })
}

for (const word of ['name', 'port', 'region', 'zone', 'addr', '', 'p', 'anem', 'names2']) {
  test(`"${word}" gets no hint`, (t) => {
    t.is(misspelt(word, KNOWN), undefined)
  })
}
