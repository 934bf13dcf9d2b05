/** What proofs are made of, byte by byte: the vectors of docs/vectors.json, and that no two messages have one transcript. */

import test from 'ava'
import type { Hello, HelloProof, Welcome } from '../../src/wire/messages.ts'
import { helloTranscript, welcomeTranscript } from '../../src/wire/transcript.ts'
import { hello, incarnation, welcome } from '../support/samples.ts'
import { proofVectors } from './vectors.ts'

const PROOF: HelloProof = {
  nonce: new Uint8Array(32).fill(1),
  challenge: new Uint8Array(32).fill(2),
  mac: new Uint8Array(32),
}
const OTHER = new Uint8Array(32).fill(3)

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

test('P4, P6: the transcripts of the vectors have their bytes', (t) => {
  const [said, answered] = proofVectors.messages
  if (said?.message.kind !== 'hello' || answered?.message.kind !== 'welcome') return t.fail()
  const { nonce, challenge } = said.message.proof ?? PROOF
  t.is(hex(helloTranscript(said.message)), said.transcript)
  t.is(hex(welcomeTranscript(answered.message, nonce, challenge)), answered.transcript)
})

test('P4: each field of a Hello but its proof is in its transcript', (t) => {
  const base = hello({ proof: PROOF })
  const changes: Partial<Hello>[] = [
    {},
    { minVersion: 0 },
    { maxVersion: 2 },
    { role: 'client' },
    { name: 'x' },
    { incarnation: incarnation(7) },
    { network: 'x' },
    { expects: 'x' },
    { expects: '' },
    { capabilities: 1 },
    { maxBodyBytes: 1 },
    { proof: { ...PROOF, nonce: OTHER } },
    { proof: { ...PROOF, challenge: OTHER } },
  ]
  const transcripts = changes.map((change) => hex(helloTranscript({ ...base, ...change })))
  t.is(new Set(transcripts).size, changes.length)
  t.is(hex(helloTranscript({ ...base, proof: { ...PROOF, mac: OTHER } })), transcripts[0] ?? '')
})

test('P6: each field of a Welcome but its proof is in its transcript, and both nonces, each in its place', (t) => {
  const base = welcome({ proof: OTHER })
  const changes: Partial<Welcome>[] = [
    {},
    { version: 2 },
    { name: 'x' },
    { incarnation: incarnation(7) },
    { window: 2 },
    { capabilities: 1 },
    { maxBodyBytes: 1 },
    { hostToken: 'x' },
    { shortcut: 'x' },
  ]
  const { nonce, challenge } = PROOF
  const transcripts = [
    ...changes.map((change) => hex(welcomeTranscript({ ...base, ...change }, nonce, challenge))),
    hex(welcomeTranscript(base, OTHER, challenge)),
    hex(welcomeTranscript(base, nonce, OTHER)),
    hex(welcomeTranscript(base, challenge, nonce)),
  ]
  t.is(new Set(transcripts).size, transcripts.length)
  t.is(hex(welcomeTranscript({ ...base, proof: undefined }, nonce, challenge)), transcripts[0] ?? '')
})
