/** The options of the benchmark: defaults, choices of sides, and mistakes. */

import test from 'ava'
import { HELP, isChosen, parseOptions } from '../../bench/command-line.ts'

const namesFor = (choice: string) => parseOptions(['--sides', choice]).sides.map(({ name }) => name)

test('without options everything runs in five rounds', (t) => {
  const { sides, rounds, only, transferBytes, readme } = parseOptions([])
  t.is(sides.length, 9)
  t.is(rounds, 5)
  t.is(only, '')
  t.is(transferBytes, 1024 ** 3)
  t.false(readme)
})

test('a name of a side takes its family along, in the order of the table', (t) => {
  t.deepEqual(namesFor('nats,zmqnet'), ['zmqnet-tcp', 'zmqnet-same-host', 'nats'])
  t.deepEqual(namesFor('raw-awaited, grpc'), ['raw-awaited', 'grpc-unary', 'grpc-stream'])
  t.throws(() => namesFor('zmq'), { message: /^No side is called "zmq"; there are zmqnet-tcp, / })
})

test('numbers are whole and above 0', (t) => {
  for (const value of ['0', '-1', '1.5', 'x', '']) {
    t.throws(() => parseOptions([`--rounds=${value}`]), {
      message: /^--rounds is a whole number from 1 to 1000/,
    })
  }
  t.throws(() => parseOptions(['--fast']), { message: /--fast/ })
})

test('a figure is chosen by a part of its title, in any case of letters', (t) => {
  t.true(isChosen('echo 64 B, 1 in flight', 'ECHO 64'))
  t.true(isChosen('anything', ''))
  t.false(isChosen('echo 64 B, 1 in flight', 'one-way'))
})

test('the help names every option', (t) => {
  const names = [
    'only',
    'sides',
    'rounds',
    'measure',
    'transfer',
    'commands',
    'expose-gc',
    'profile',
    'json',
    'from',
    'readme',
  ]
  for (const name of names) t.true(HELP.includes(`  --${name} `), name)
})
