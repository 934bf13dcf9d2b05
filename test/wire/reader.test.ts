/**
 * The reader: strings, the memory for verbs, and that it never looks beyond its end.
 */

import test from 'ava'
import { Reader } from '../../src/wire/reader.ts'
import { Writer, writeText } from '../../src/wire/writer.ts'

function readerOf(...texts: readonly string[]): Reader {
  const writer = new Writer(10_000)
  for (const text of texts) writer.position = writeText(writer.buffer, writer.position, text)
  return new Reader(writer.take(), undefined, 0)
}

test('B12: a string comes back, also through the memory for verbs, also a second time', (t) => {
  const verbs = [
    'greet',
    'a',
    'grüße',
    'ÿ',
    '日本',
    '\u{1f600}',
    'v'.repeat(32),
    'v'.repeat(33),
    'v'.repeat(200),
    '',
  ]
  for (let round = 0; round < 2; round += 1) {
    for (const verb of verbs) {
      const reader = readerOf(verb, 'next')
      t.is(reader.cachedText(255, 'verb'), verb)
      t.is(reader.text(255, 'verb'), 'next')
      t.is(reader.fault, '')
    }
  }
})

test('B12: more verbs than the memory holds are all told apart', (t) => {
  const verbs = Array.from({ length: 3_000 }, (_, index) => `verb-${index}`)
  for (let round = 0; round < 2; round += 1) {
    for (const verb of verbs) t.is(readerOf(verb).cachedText(255, 'verb'), verb)
  }
})

test('B12: a byte order mark is part of the string', (t) => {
  t.is(readerOf('\ufeffx').text(255, 'text'), '\ufeffx')
})

test('B12: a verb that is cut short is a fault, whether it is known or not', (t) => {
  t.is(readerOf('greet').cachedText(255, 'verb'), 'greet')
  const reader = new Reader(Buffer.from('\x05gree', 'latin1'), undefined, 0)
  t.is(reader.cachedText(255, 'verb'), '')
  t.is(reader.fault, 'it ends inside its verb')
})

test('the first fault is kept and reading goes on with nothing', (t) => {
  const reader = new Reader(Buffer.from([0x80]), undefined, 0)
  t.is(reader.varint(), 0)
  t.is(reader.byte(), 0)
  t.is(reader.text(10, 'text'), '')
  t.is(reader.fault, 'it ends inside a varint')
})

test('a reader never looks beyond its end, though the bytes go on', (t) => {
  const reader = new Reader(Buffer.from([0x05, 0x61, 0x62, 0x63, 0x64, 0x65]), undefined, 0)
  reader.end = 3
  t.is(reader.text(10, 'text'), '')
  t.is(reader.fault, 'it ends inside its text')
  t.is(new Reader(Buffer.from([0x05, 0x61]), undefined, 0).rest().length, 2)
})
