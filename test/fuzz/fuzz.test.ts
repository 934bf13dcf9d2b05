/**
 * A million executions of the fuzz, from fixed seeds. `npm run fuzz` goes on from there.
 */

import test from 'ava'
import { Fuzzer } from './fuzzer.ts'
import { execute } from './target.ts'

const EXECUTIONS = 500_000

for (const seed of [1, 2]) {
  test(`B6: ${EXECUTIONS} messages that are nearly right never throw, and what decodes comes back (seed ${seed})`, (t) => {
    const fuzzer = new Fuzzer(seed)
    fuzzer.run(EXECUTIONS)
    t.log(`${fuzzer.behaviours.size} behaviours, ${fuzzer.corpusSize} in the corpus`)
    t.deepEqual(fuzzer.findings, [])
    t.true(fuzzer.behaviours.size > 500, 'it has not come far')
  })
}

test('the fuzz tells one behaviour from another, and not one number from another', (t) => {
  const beat = Buffer.from('7a0105080001 0203'.replaceAll(' ', ''), 'hex')
  t.is(execute([beat], true), execute([Buffer.from(beat)], false))
  t.not(execute([beat], true), execute([beat.subarray(0, 4)], true))
  t.not(execute([beat], true), execute([beat, beat], true))
})
