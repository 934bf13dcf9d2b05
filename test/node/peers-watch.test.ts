/**
 * The watch over the peers file and the key file: what changes is read once, what is wrong changes nothing and is told once,
 * and nothing depends on the hints of the file system. Time and files are the test's own, but for the last tests.
 */

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  PeersWatch,
  POLL_EVERY_MS,
  realWatchWorld,
  SECOND_LOOK_MS,
  SETTLE_MS,
  type WatchWorld,
} from '../../src/node/peers-watch.ts'
import type { SecuritySettings } from '../../src/security/policy.ts'
import { settingsOf } from '../support/keys.ts'

const PEERS = '/etc/mesh/peers.json'
const KEY = '/etc/mesh/keys/alpha.key'
const SETTINGS = settingsOf('alpha', [])
const DEADLINE_MS = 10_000

/** Files whose stamps a test sets, and a time that passes when it says so. */
class FakeWorld implements WatchWorld {
  readonly stamps = new Map<string, string>()
  readonly folders = new Map<string, () => void>()
  #now = 0
  #timers: { readonly at: number; readonly callback: () => void }[] = []

  watchFolder(path: string, onHint: () => void): () => void {
    this.folders.set(path, onHint)
    return () => this.folders.delete(path)
  }

  stampOf(path: string): string {
    return this.stamps.get(path) ?? ''
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  get timers(): number {
    return this.#timers.length
  }

  pass(durationMs: number): void {
    const end = this.#now + durationMs
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#now = due.at
      this.#timers = this.#timers.filter((other) => other !== due)
      due.callback()
    }
    this.#now = end
  }

  /** Changes a file, and says so as a file system does. */
  change(path: string, stamp: string): void {
    this.stamps.set(path, stamp)
    for (const onHint of this.folders.values()) onHint()
  }
}

function scene(keyPath: string | undefined = KEY, isWatched = true) {
  const world = new FakeWorld()
  const seen: string[] = []
  const files = { load: (): SecuritySettings | undefined => SETTINGS }
  const watch = new PeersWatch(
    {
      peersPath: PEERS,
      keyPath,
      isWatched,
      load: () => files.load(),
      counts: (settings) => settings === SETTINGS,
      apply: (settings) => seen.push(settings === SETTINGS ? 'applied' : 'other'),
      onInvalid: (text) => seen.push(text),
    },
    world,
  )
  const broken = (): never => {
    throw new Error('Fault in the peers file')
  }
  // The first look, which is always one.
  world.pass(SETTLE_MS)
  seen.length = 0
  return { world, seen, files, watch, broken }
}

test('the folders of both files are watched, and one folder once', (t) => {
  t.deepEqual([...scene().world.folders.keys()], ['/etc/mesh', '/etc/mesh/keys'])
  t.deepEqual([...scene('/etc/mesh/alpha.key').world.folders.keys()], ['/etc/mesh'])
})

for (const [what, found, applied] of [
  ['did not change since the node read them are read once, and nothing is applied', SETTINGS, []],
  ['changed after the node had read them are applied at the start', settingsOf('bravo', []), ['bravo']],
] as const) {
  test(`files that ${what}`, (t) => {
    const world = new FakeWorld()
    const seen: string[] = []
    let loads = 0
    const watch = new PeersWatch(
      {
        peersPath: PEERS,
        keyPath: KEY,
        isWatched: true,
        load: () => {
          loads += 1
          return found
        },
        counts: (settings) => settings === SETTINGS,
        apply: (settings) => seen.push(settings === found ? 'bravo' : 'other'),
        onInvalid: t.fail,
      },
      world,
    )
    world.pass(10 * POLL_EVERY_MS)
    t.deepEqual([loads, seen], [1, [...applied]])
    watch.close()
  })
}

test('files that do not change are not read, however often the folder says something', (t) => {
  const { world, seen } = scene()
  world.change('/etc/mesh/other', '1')
  world.pass(10 * POLL_EVERY_MS)
  t.deepEqual(seen, [])
})

for (const path of [PEERS, KEY]) {
  test(`a change of ${path} is applied once, soon after the last hint`, (t) => {
    const { world, seen } = scene()
    for (const stamp of ['1', '2', '3']) world.change(path, stamp)
    world.pass(SETTLE_MS - 1)
    t.deepEqual(seen, [])
    world.pass(1)
    t.deepEqual(seen, ['applied'])
    world.pass(10 * POLL_EVERY_MS)
    t.deepEqual(seen, ['applied'])
  })
}

test('a change without a hint is found by the look that comes every second', (t) => {
  const { world, seen } = scene()
  world.stamps.set(PEERS, '1')
  world.pass(POLL_EVERY_MS)
  t.deepEqual(seen, ['applied'])
})

test('what is wrong is looked at twice, then told once, and changes nothing', (t) => {
  const { world, seen, files, broken } = scene()
  files.load = broken
  world.change(PEERS, '1')
  world.pass(SETTLE_MS + SECOND_LOOK_MS - 1)
  t.deepEqual(seen, [])
  world.pass(1)
  t.deepEqual(seen, ['Fault in the peers file'])
  world.pass(10 * POLL_EVERY_MS)
  t.is(seen.length, 1)
  files.load = () => SETTINGS
  world.change(PEERS, '2')
  world.pass(SETTLE_MS)
  t.deepEqual(seen, ['Fault in the peers file', 'applied'])
})

test('a file that is seen half written is no fault', (t) => {
  const { world, seen, files, broken } = scene()
  files.load = broken
  world.change(PEERS, 'half')
  world.pass(SETTLE_MS)
  files.load = () => SETTINGS
  world.change(PEERS, 'whole')
  world.pass(10 * POLL_EVERY_MS)
  t.deepEqual(seen, ['applied'])
})

test('a peers file without keys does not make a secure node plain', (t) => {
  const { world, seen, files } = scene()
  files.load = () => undefined
  world.change(PEERS, '1')
  world.pass(SETTLE_MS + SECOND_LOOK_MS)
  t.regex(seen.join(), /no keys any more/)
})

test('reload reads at once, changed or not, and throws what is wrong', (t) => {
  const { world, seen, files, watch, broken } = scene()
  watch.reload()
  t.deepEqual(seen, ['applied'])
  files.load = broken
  world.change(PEERS, '1')
  t.throws(() => watch.reload(), { message: 'Fault in the peers file' })
  world.pass(10 * POLL_EVERY_MS)
  t.deepEqual(seen, ['applied'], 'who asked was told, and nobody else')
})

test('without the watch nothing is read but by reload', (t) => {
  const { world, seen, watch } = scene(KEY, false)
  world.change(PEERS, '1')
  world.pass(10 * POLL_EVERY_MS)
  t.deepEqual([world.folders.size, seen.length], [0, 0])
  watch.reload()
  t.deepEqual(seen, ['applied'])
})

test('after close nothing is watched and nothing waits', (t) => {
  const { world, seen, watch } = scene()
  const [hint] = world.folders.values()
  world.change(PEERS, '1')
  watch.close()
  hint?.()
  world.pass(10 * POLL_EVERY_MS)
  t.deepEqual([world.folders.size, world.timers, seen.length], [0, 0, 0])
})

/** A watch over a real folder; `next` waits for what is applied, with a deadline. */
function realScene(t: { teardown(clean: () => void): void }, world: WatchWorld) {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-watch-'))
  const path = join(folder, 'peers.json')
  writeFileSync(path, '0')
  let wake = (): void => {}
  const watch = new PeersWatch(
    {
      peersPath: path,
      keyPath: undefined,
      isWatched: true,
      load: () => SETTINGS,
      counts: () => false,
      apply: () => wake(),
      onInvalid: () => {},
    },
    world,
  )
  t.teardown(() => {
    watch.close()
    rmSync(folder, { recursive: true })
  })
  const next = () =>
    new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), DEADLINE_MS)
      wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  return { folder, path, next }
}

test('a file that is replaced by rename, or written in place, is seen on a real disk', async (t) => {
  // Without the look that comes every second: the hints alone.
  const after: WatchWorld['after'] = (delayMs, callback) =>
    delayMs === POLL_EVERY_MS ? () => {} : realWatchWorld.after(delayMs, callback)
  const { folder, path, next } = realScene(t, { ...realWatchWorld, after })
  for (const text of ['1', '2']) {
    const applied = next()
    writeFileSync(join(folder, 'peers.json.new'), text)
    renameSync(join(folder, 'peers.json.new'), path)
    t.true(await applied)
  }
  const applied = next()
  writeFileSync(path, '3')
  t.true(await applied)
})

test('a change is seen where the file system gives no hints', async (t) => {
  const { path, next } = realScene(t, { ...realWatchWorld, watchFolder: () => () => {} })
  const applied = next()
  writeFileSync(path, '1')
  t.true(await applied)
})

test('a folder that is not there is no fault of the watch, and a file that is not there has a stamp', (t) => {
  realWatchWorld.watchFolder('/nowhere/at/all', () => {})()
  t.is(realWatchWorld.stampOf('/nowhere/at/all/peers.json'), 'ENOENT')
})
