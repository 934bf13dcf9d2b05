/**
 * `zmqnet keys` and what follows from it, by real processes: a mesh goes from plain to secure, a member is cut off and comes
 * back, a key is replaced, a wrong file changes nothing. All that was printed on the way is searched for secrets at the end.
 */

import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { decodeZ85 } from '../../src/base/z85.ts'
import { readKeyFile } from '../../src/node/key-file.ts'
import { jsonOf } from './fake-io.ts'
import { type Cleanup, type Ended, hasEvent, Mesh } from './processes.ts'

const NAMES = ['alpha', 'bravo', 'charlie']

/** A private half in every form in which it could slip out. */
function formsOf(secretKey: string): readonly string[] {
  const bytes = Buffer.from(decodeZ85(secretKey) ?? [])
  const texts = [secretKey, JSON.stringify(secretKey).slice(1, -1)]
  return [...texts, ...(['hex', 'base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding))]
}

/** All that was printed, and all secrets that there were. */
class Search {
  readonly #texts: string[] = []
  readonly #secrets = new Set<string>()

  learn(path: string): void {
    for (const { secretKey } of readKeyFile(path).own) this.#secrets.add(secretKey)
  }

  add(...ends: readonly Pick<Ended, 'out' | 'err'>[]): void {
    for (const { out, err } of ends) this.#texts.push(out, err)
  }

  /** What was found, by the text in which it stands. */
  get findings(): readonly string[] {
    const forms = [...this.#secrets].flatMap(formsOf)
    return this.#texts.filter((text) => forms.some((form) => text.toLowerCase().includes(form.toLowerCase())))
  }

  get sizes(): { readonly secrets: number; readonly characters: number } {
    return { secrets: this.#secrets.size, characters: this.#texts.join('').length }
  }
}

const countOf = (out: string, event: string) => out.split(`{"event":"${event}"`).length - 1

/** A mesh whose members and one client have keys that the peers file trusts. */
async function secureMesh(t: Cleanup, names: readonly string[] = NAMES) {
  const mesh = await Mesh.create(t, names)
  const search = new Search()
  const run = async (...argv: string[]): Promise<Ended> => {
    const ended = await mesh.run(argv)
    search.add(ended)
    return ended
  }
  const keyPath = (name: string) => join(mesh.folder, 'keys', `${name}.key`)
  const made = await Promise.all([
    ...names.map((name) => run('keys', 'new', '-n', name)),
    run('keys', 'new', '-n', 'ops', '--client'),
  ])
  for (const name of [...names, 'ops']) search.learn(keyPath(name))
  const trusted = await run('keys', 'trust', '--json')
  const failed = [...made, trusted].find(({ code }) => code !== 0)
  if (failed !== undefined) throw new Error(`keys exited with ${failed.code}: ${failed.err}`)
  mesh.serveArgs = ['--log-level', 'debug']
  return { mesh, search, run, keyPath }
}

test('keys are private from the first moment, and their public halves are not', async (t) => {
  const { mesh, keyPath } = await secureMesh(t, ['alpha'])
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777
  t.is(await modeOf(join(mesh.folder, 'keys')), 0o700)
  t.is(await modeOf(keyPath('alpha')), 0o600)
  const { secretKey = '', publicKey } = readKeyFile(keyPath('alpha')).own[0] ?? {}
  const text = await readFile(keyPath('alpha').replace(/key$/, 'pub'), 'utf8')
  t.is(jsonOf(text).public_key, publicKey)
  t.is(formsOf(secretKey).length, 5)
  for (const form of formsOf(secretKey)) t.false(text.includes(form))
})

test('a mesh goes secure, and takes revocations, new keys and wrong files while it runs', async (t) => {
  const { mesh, search, run, keyPath } = await secureMesh(t)
  await mesh.serve(...NAMES)
  const alpha = mesh.node('alpha')
  const sent = await run('send', '-n', 'bravo', 'from the client')
  t.is(sent.code, 0, sent.err)
  const status = jsonOf((await run('status', '-n', 'alpha', '--json')).out)
  const links = status.peers as { readonly encrypted: boolean; readonly proven: boolean }[]
  t.deepEqual(
    links.map(({ encrypted, proven }) => encrypted && proven),
    [true, true],
  )
  t.regex((await run('status')).out, /6 of 6 links encrypted and proven/)

  t.is((await run('keys', 'revoke', '-n', 'charlie')).code, 0)
  await alpha.until(hasEvent('peers:applied'), 'peers:applied')
  await alpha.until(hasEvent('link:down', 'charlie'), 'link:down of charlie')
  await alpha.until(hasEvent('security:refused'), 'security:refused')
  const ups = countOf(alpha.out, 'link:up')
  t.is((await run('keys', 'trust', keyPath('charlie').replace(/key$/, 'pub'))).code, 0)
  await alpha.until((out) => countOf(out, 'link:up') > ups, 'link:up to charlie')

  const applied = countOf(alpha.out, 'peers:applied')
  t.is((await run('keys', 'rotate', '-n', 'bravo', '--overlap', '1h', '--json')).code, 0)
  search.learn(keyPath('bravo'))
  await alpha.until((out) => countOf(out, 'peers:applied') > applied, 'peers:applied after the rotation')
  t.is((await run('send', '-n', 'bravo', 'after the rotation')).code, 0)

  const good = await readFile(mesh.path, 'utf8')
  await writeFile(`${mesh.path}.new`, '{ "peers": [')
  await rename(`${mesh.path}.new`, mesh.path)
  await alpha.until(hasEvent('peers:invalid'), 'peers:invalid')
  alpha.kill('SIGHUP')
  await alpha.untilErr((err) => err.includes('SIGHUP changes nothing'), 'the answer to SIGHUP')
  await writeFile(`${mesh.path}.new`, good)
  await rename(`${mesh.path}.new`, mesh.path)
  t.is((await run('send', '-n', 'alpha', 'after the fault')).code, 0)
  const before = countOf(alpha.out, 'peers:applied')
  alpha.kill('SIGHUP')
  await alpha.until((out) => countOf(out, 'peers:applied') > before, 'peers:applied after SIGHUP')

  for (const name of NAMES) mesh.node(name).kill('SIGTERM')
  for (const name of NAMES) search.add(await mesh.node(name).ended())
  t.is(search.sizes.secrets, 5)
  t.true(search.sizes.characters > 10_000)
  t.deepEqual(search.findings, [])
})

test('faults of keys exit with 2, and even with stacks show no secret', async (t) => {
  const { search, run, keyPath } = await secureMesh(t, ['alpha', 'bravo'])
  const path = keyPath('alpha')
  const text = await readFile(path, 'utf8')
  const serve = ['serve', '-n', 'alpha', '-u', '1s', '--debug']
  const fails = async (...argv: string[]) => {
    const ended = await run(...argv)
    t.is(ended.code, 2, ended.out + ended.err)
    return ended.out + ended.err
  }
  t.regex(await fails('keys', 'new', '-n', 'alpha', '--debug', '--json'), /exists already/)
  t.regex(await fails('serve', '-n', 'bravo', '--key', path, '--debug'), /that of node \\?"alpha/)
  t.regex(await fails('send', '-n', 'alpha', '--key', path, '--debug', 'x'), /that of node \\?"alpha/)
  await chmod(path, 0o644)
  t.regex(await fails(...serve), /chmod 600/)
  t.regex(await fails('keys', 'show', '--debug', '--json'), /chmod 600/)
  await chmod(path, 0o600)
  for (const broken of [
    text.slice(0, -4),
    text.replace('private_key', 'privat_key'),
    text.replace('":', '": 7'),
  ]) {
    await writeFile(path, broken)
    t.regex(await fails(...serve), /key file/)
    t.regex(await fails('keys', 'rotate', '-n', 'alpha', '--debug'), /key file/)
  }
  t.deepEqual(search.findings, [])
  // And the search is not blind.
  search.add({ out: await readFile(keyPath('bravo'), 'utf8'), err: '' })
  t.is(search.findings.length, 1)
})
