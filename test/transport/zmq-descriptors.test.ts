/**
 * The watch of file descriptors: what it reads, when it tells, and that each change is told once.
 */

import test from 'ava'
import { DescriptorWatch, descriptorLimit, nextDescriptor } from '../../src/transport/zmq-descriptors.ts'

const LIMITS =
  'Limit Soft Hard Units\nMax open files            1024                 4096                 files\n'

function failing(code: string): () => number {
  return () => {
    throw Object.assign(new Error(code), { code })
  }
}

test('the limit is the soft one of the process, and none where nobody tells', (t) => {
  t.is(
    descriptorLimit(() => LIMITS),
    1024,
  )
  t.is(
    descriptorLimit(() => 'Max open files   unlimited'),
    Number.POSITIVE_INFINITY,
  )
  t.is(descriptorLimit(failing('ENOENT') as unknown as () => string), Number.POSITIVE_INFINITY)
  t.true(descriptorLimit() > 0)
})

test('the next descriptor is a number, none when there is none, and nothing to worry about when it cannot be told', (t) => {
  t.true(nextDescriptor() > 2)
  t.is(nextDescriptor(), nextDescriptor(), 'it is closed again')
  t.is(nextDescriptor(failing('EMFILE')), Number.POSITIVE_INFINITY)
  t.is(nextDescriptor(failing('ENFILE')), Number.POSITIVE_INFINITY)
  t.is(nextDescriptor(failing('EACCES')), 0)
})

test('few descriptors, and enough again, are told once each', (t) => {
  const told: boolean[] = []
  let next = 10
  const watch = new DescriptorWatch({
    limit: 1000,
    next: () => next,
    changed: (isScarce) => told.push(isScarce),
  })
  t.teardown(() => watch.end())
  const look = (number: number): void => {
    next = number
    watch.look()
    watch.look()
  }
  look(750)
  t.deepEqual(told, [])
  look(751)
  look(Number.POSITIVE_INFINITY)
  t.deepEqual(told, [true])
  look(20)
  t.deepEqual(told, [true, false])
})
