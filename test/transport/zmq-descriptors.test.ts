/**
 * The watch of file descriptors: what it reads, when it tells, and that each change is told once; and what becomes of a
 * shortcut meanwhile.
 */

import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  type Descriptors,
  DescriptorWatch,
  descriptorLimit,
  nextDescriptor,
} from '../../src/transport/zmq-descriptors.ts'
import type { ZmqOptions } from '../../src/transport/zmq-options.ts'
import { KeyHolder, newPair } from './key-holder.ts'
import { type Opened, open } from './recorder.ts'

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

test('the nearer the reserve, the sooner is looked again', (t) => {
  const pauseAt = (limit: number, next: number): number => {
    const watch = new DescriptorWatch({ limit, next: () => next, changed: () => {} })
    t.teardown(() => watch.end())
    return watch.look()
  }
  t.is(pauseAt(1024, 20), 200)
  t.is(pauseAt(1024, 1000), 200, 'what is scarce is looked at as often as can be')
  t.is(pauseAt(1024, Number.POSITIVE_INFINITY), 200)
  t.is(pauseAt(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY), 200)
  t.is(pauseAt(40_000, 10_000), 1000, '20,000 are left to the reserve')
  t.is(pauseAt(1_000_000, 20), 2000)
  t.is(pauseAt(Number.POSITIVE_INFINITY, 20), 2000)
})

test('it is looked again and again, until the watch is ended, even by whom it told', (t) => {
  const waiting: { readonly ms: number; readonly task: () => void }[] = []
  let next = 20
  const watch = new DescriptorWatch({
    limit: 1000,
    next: () => next,
    changed: () => watch.end(),
    later: (ms, task) => {
      waiting.push({ ms, task })
      return () => {}
    },
  })
  for (let looks = 0; looks < 3; looks += 1) waiting.at(-1)?.task()
  t.deepEqual(
    waiting.map(({ ms }) => ms),
    [200, 200, 200, 200],
  )
  next = 900
  waiting.at(-1)?.task()
  t.is(waiting.length, 4)
})

const TCP = 'tcp://127.0.0.1:0'
/** Pauses so long that whoever waits for one is not seen again in a test. */
const PATIENT = { redialMs: 60_000, redialMaxMs: 60_000, refusedMaxMs: 60_000 }

interface Scene {
  readonly server: Opened
  readonly serverKeys: KeyHolder
  readonly shortcut: string
  /** Lets descriptors run out, or be free again, until the transport has told so. */
  become(isScarce: boolean): Promise<void>
  /** Whether somebody new comes in by the shortcut. */
  answers(): Promise<boolean>
}

/** A secure server with a shortcut whose file descriptors are counted by the test. */
async function scene(t: ExecutionContext, options: ZmqOptions = {}): Promise<Scene> {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  let next = 20
  const descriptors: Descriptors = { limit: () => 1024, next: () => next }
  const server = open(t, { descriptors, rebindMs: 200, ...options }, serverKeys)
  const shortcut = await server.transport.openShortcut(TCP)
  await server.transport.listen(TCP)
  return {
    server,
    serverKeys,
    shortcut,
    async become(isScarce) {
      const from = server.recorder.seen.length
      const text = isScarce ? 'File descriptors run out' : 'There are enough file descriptors again'
      next = isScarce ? 1000 : 20
      await server.recorder.first((seen) => seen.kind === 'fault' && seen.text.startsWith(text), from)
    },
    async answers() {
      const client = open(t, PATIENT, clientKeys)
      client.transport.dial(shortcut, () => [serverKeys.publicKey])
      const { kind } = await client.recorder.first((seen) => seen.kind === 'up' || seen.kind === 'down')
      await client.transport.close()
      return kind === 'up'
    },
  }
}

test('S19: a shortcut is away while descriptors are scarce, and is given back', async (t) => {
  const { server, become, answers } = await scene(t)
  t.true(await answers())
  await become(true)
  t.false(await answers())
  await become(false)
  t.true(await answers())
  t.is(server.recorder.faults.length, 2)
})

test('S19: a change of keys does not bind a shortcut that was taken away, and what is given back has the new key', async (t) => {
  const { server, serverKeys, become, answers } = await scene(t)
  await become(true)
  serverKeys.pairs = [newPair()]
  await server.transport.rekey()
  t.false(await answers(), 'the listener of an ipc address ends the process when there is no descriptor')
  await become(false)
  t.true(await answers())
  serverKeys.pairs = [newPair()]
  await server.transport.rekey()
  t.true(await answers())
  t.is(server.recorder.faults.length, 2, 'nothing was bound twice')
})

test('S19: descriptors that run out and come back in the middle of a change of keys end with one shortcut', async (t) => {
  const { server, serverKeys, become, answers } = await scene(t)
  for (let round = 0; round < 3; round += 1) {
    serverKeys.pairs = [newPair()]
    await Promise.all([server.transport.rekey(), become(true)])
    t.false(await answers())
    serverKeys.pairs = [newPair()]
    await Promise.all([server.transport.rekey(), become(false)])
    await server.transport.rekey()
    t.true(await answers())
  }
  t.is(server.recorder.faults.length, 6)
})

test('S19: a shortcut that cannot be bound again is told and let go, and keys change all the same', async (t) => {
  const { server, serverKeys, shortcut, become, answers } = await scene(t, { shortcutForm: 'folder' })
  await become(true)
  const folder = dirname(shortcut.slice('ipc://'.length))
  rmSync(folder, { recursive: true })
  await become(false)
  await server.recorder.first((seen) => seen.kind === 'fault' && seen.text.startsWith('Cannot offer'))
  mkdirSync(folder)
  serverKeys.pairs = [newPair()]
  await server.transport.rekey()
  t.true(await answers())
})
