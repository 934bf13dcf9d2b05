/** Planted faults in the bytes, and in the small types of base/ that all machines stand on. */

import type { Mutant } from './mutant.ts'

const BATCH = 'src/wire/batch.ts'
const BODY = 'src/wire/body.ts'
const BODY_KEYS = 'src/wire/body-keys.ts'
const DECODE = 'src/wire/decode.ts'
const ENCODE = 'src/wire/encode.ts'
const READER = 'src/wire/reader.ts'

export const WIRE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a frame of another format is read',
    clause: 'B2',
    file: BATCH,
    find: 'if (first[1] !== FRAME_FORMAT) return',
    replace: 'if (first[1] === 0) return',
  },
  {
    name: 'an envelope may reach beyond its frame',
    clause: 'B4',
    file: BATCH,
    find: 'if (length === 0 || start + length > frameEnd) {',
    replace: 'if (length === 0) {',
  },
  {
    name: 'a second frame need not be announced',
    clause: 'B5',
    file: BATCH,
    find: 'if (second !== undefined && !reader.secondFrameTaken) {',
    replace: 'if (second !== undefined && reader.secondFrame === undefined) {',
  },
  {
    name: 'one malformed envelope spoils those before it',
    clause: 'B6',
    file: BATCH,
    find: "return { messages, tooLarge, unknown, malformed: at(count, message?.kind ?? 'envelope', reader.fault) }",
    replace: "return { messages: [], tooLarge, unknown, malformed: at(count, 'envelope', reader.fault) }",
  },
  {
    name: 'an unknown kind spoils its second frame',
    clause: 'B7',
    file: BATCH,
    find: '      if (second !== undefined) reader.secondFrameTaken = true\n',
    replace: '',
  },
  {
    name: 'a varint may be above 2^53 - 1',
    clause: 'B10',
    file: READER,
    find: "if (value > Number.MAX_SAFE_INTEGER) return this.fail('a varint is above 2^53 - 1')",
    replace: '',
  },
  {
    name: 'a varint may be longer than needed',
    clause: 'B11',
    file: READER,
    find: "if (byte === 0) return this.fail('a varint is longer than needed')",
    replace: '',
  },
  {
    name: 'unknown flags are ignored',
    clause: 'B14',
    file: DECODE,
    find: 'if ((flags & ~known) !== 0) reader.fail',
    replace: 'if (flags > 255) reader.fail',
  },
  {
    name: 'a remaining time is not added to the clock',
    clause: 'B15',
    file: DECODE,
    find: 'now + remainingMs',
    replace: 'remainingMs',
  },
  {
    name: 'a remaining time is written in whole seconds',
    clause: 'B15',
    file: ENCODE,
    find: 'const remainingMs = Math.ceil(deadlineAt - now)',
    replace: 'const remainingMs = Math.floor((deadlineAt - now) / 1000) * 1000',
  },
  {
    name: 'the floor is read as the sequence',
    clause: 'B40',
    file: DECODE,
    find: 'floor: sequence - behind,',
    replace: 'floor: sequence,',
  },
  {
    name: 'a broadcast arrives as a request',
    clause: 'B40',
    file: DECODE,
    find: "requestKind: (flags & kinds.REQUEST_BROADCAST) === 0 ? 'request' : 'broadcast',",
    replace: "requestKind: 'request',",
  },
  {
    name: 'a reject of a one-way message arrives as one of a request',
    clause: 'B42',
    file: DECODE,
    find: "of: (flags & kinds.REJECT_OF_SEND) === 0 ? 'request' : 'send',",
    replace: "of: 'request',",
  },
  {
    name: 'the ranges of a receipt are counted from the start',
    clause: 'B46',
    file: DECODE,
    find: '    before = last\n',
    replace: '',
  },
  {
    name: 'the ranges of a receipt begin one too low',
    clause: 'B46',
    file: DECODE,
    find: 'const first = before + gap\n',
    replace: 'const first = Math.max(1, before + gap - 1)\n',
  },
  {
    name: 'a sender does not look for numbers as keys',
    clause: 'B59',
    file: BODY,
    find: 'bytes.length > HARMLESS_BODY_BYTES || check.hasNumberKeys',
    replace: 'bytes.length > HARMLESS_BODY_BYTES',
  },
  {
    name: 'the array of a map for numbers costs nothing',
    clause: 'B62',
    file: BODY_KEYS,
    find: '  return cost - paid\n',
    replace: '  return 0\n',
  },
  {
    name: 'a number is always near to the others',
    clause: 'B62',
    file: BODY_KEYS,
    find: 'number < before + MAX_GAP && room',
    replace: 'room',
  },
  {
    name: 'a known key costs nothing, whatever the keys before it',
    clause: 'B63',
    file: BODY_KEYS,
    find: '  map.step = latest\n',
    replace: '',
  },
  {
    name: 'open maps go on with steps that were forgotten',
    clause: 'B63',
    file: BODY_KEYS,
    find: '    for (const open of MAPS) open.step = FORGOTTEN\n',
    replace: '',
  },
  {
    name: 'keys that part in a later bit are put above those that part in an earlier one',
    clause: 'B63',
    file: BODY_KEYS,
    find: 'while (way > 0 && (BIT[way] as number) < bit) {',
    replace: 'while (way < 0) {',
  },
  {
    name: 'a body above the limit is taken',
    clause: 'B61',
    file: DECODE,
    find: 'if (sizeBytes > reader.maxBodyBytes) {',
    replace: 'if (sizeBytes < 0) {',
  },
  {
    name: 'deadlines are not in order',
    clause: 'R12',
    file: 'src/base/deadlines.ts',
    find: 'if (dueAt >= this.#rowEnd) {',
    replace: 'if (dueAt >= 0) {',
  },
  {
    name: 'a number is given twice',
    clause: 'R1',
    file: 'src/base/books.ts',
    find: '    this.#nextSequence += 1\n',
    replace: '    if (this.#nextSequence % 50 !== 0 || this.#entries.size > 0) this.#nextSequence += 1\n',
  },
  {
    name: 'what has settled goes on taking room',
    clause: 'R21',
    file: 'src/base/books.ts',
    find: '    this.#capacity.remove(entry.sizeBytes)\n',
    replace: '',
  },
]
