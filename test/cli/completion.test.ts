/**
 * Shell completion: the script for each shell, and the words that it is answered with.
 */

import test from 'ava'
import { commandTable } from '../../src/cli/command-table.ts'
import { runFake } from './fake-io.ts'

const wordsFor = async (...words: string[]) =>
  (await runFake(['--get-yargs-completions', ...words])).out.split('\n').filter((word) => word !== '')

/** zsh and fish get "word:description" or "word<tab>description", as yargs tells from SHELL. */
const bare = (words: readonly string[]) => words.map((word) => word.split(/[:\t]/)[0] ?? '')

test('each shell has its script', async (t) => {
  const bash = await runFake(['completion', 'bash'])
  t.is(bash.exitCode, 0)
  t.regex(bash.out, /complete -o bashdefault -o default -F _zmqnet_yargs_completions zmqnet/)
  t.regex((await runFake(['completion', 'zsh'])).out, /#compdef zmqnet/)
  t.regex((await runFake(['completion', 'fish'])).out, /complete -f -c zmqnet/)
})

test('without a name the shell is that of the environment, else bash', async (t) => {
  t.regex((await runFake(['completion'], { env: { SHELL: '/usr/bin/zsh' } })).out, /#compdef zmqnet/)
  t.regex((await runFake(['completion'], { env: { SHELL: '/bin/sh' } })).out, /complete -o bashdefault/)
  t.regex((await runFake(['completion'])).out, /complete -o bashdefault/)
})

test('making a script leaves the environment as it was', async (t) => {
  const before = { ...process.env }
  await runFake(['completion', 'fish'])
  t.deepEqual({ ...process.env }, before)
})

test('the first word is a command', async (t) => {
  const words = bare(await wordsFor('zmqnet', ''))
  for (const name of Object.keys(commandTable).filter((name) => name !== 'completion'))
    t.true(words.includes(name))
})

test('a dash offers the options of the command and those of all', async (t) => {
  const words = bare(await wordsFor('zmqnet', 'send', '--'))
  t.true(words.includes('--strict'))
  t.true(words.includes('--delay'))
  t.true(words.includes('--json'))
  t.false(words.includes('--uptime'))
})

test('an option with choices offers them', async (t) => {
  const words = await wordsFor('zmqnet', 'bench', '--mode', '')
  t.deepEqual(words.filter((word) => ['echo', 'oneway', 'broadcast', 'all'].includes(word)).length, 4)
})

test('-n offers the names of the peers file', async (t) => {
  t.deepEqual(await wordsFor('zmqnet', 'send', '-n', ''), ['alpha', 'bravo', 'charlie'])
  t.deepEqual(await wordsFor('zmqnet', 'send', '--name', 'br'), ['bravo'])
  t.deepEqual(await wordsFor('zmqnet', 'send', '--name', '=', 'ch'), ['charlie'])
})

test('the names come from the file of -p', async (t) => {
  const library = {
    loadPeers: (source: string | undefined) => ({ peers: [{ name: String(source), address: 'tcp://x:1' }] }),
  }
  const argv = ['--get-yargs-completions', 'zmqnet', '-p', 'mesh.json', 'send', '-n', '']
  t.is((await runFake(argv, { library })).out, 'mesh.json\n')
})

test('a peers file that cannot be read offers nothing and says nothing', async (t) => {
  const library = {
    loadPeers: () => {
      throw new Error('missing')
    },
  }
  const { exitCode, out, err } = await runFake(['--get-yargs-completions', 'zmqnet', 'ping', '-n', ''], {
    library,
  })
  t.deepEqual({ exitCode, out, err }, { exitCode: 0, out: '', err: '' })
})

test('where a path is wanted nothing is offered, so that the shell offers files', async (t) => {
  t.deepEqual(await wordsFor('zmqnet', '-p', ''), [])
  t.deepEqual(await wordsFor('zmqnet', 'bench', '-o', ''), [])
})
