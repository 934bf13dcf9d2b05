/**
 * The command line as it is read: every way to get it wrong has one clear message, and nothing is swallowed in silence.
 */

import test from 'ava'
import fc from 'fast-check'
import { loadArgumentParser, readCommandLine, readValues } from '../../src/cli/command-line.ts'
import { commandTable } from '../../src/cli/command-table.ts'
import { UsageError } from '../../src/cli/faults.ts'
import type { Option, Values } from '../../src/cli/option-kinds.ts'
import { globalOptions, type sendOptions } from '../../src/cli/option-tables.ts'
import { parseDuration } from '../../src/discovery/duration.ts'

const parser = await loadArgumentParser()

function read(...argv: string[]) {
  const line = readCommandLine(parser, argv)
  if (line.kind !== 'run') throw new Error(`expected a command, got ${line.kind}`)
  return line
}

function faultsOf(...argv: string[]): string[] {
  try {
    readCommandLine(parser, argv)
  } catch (error) {
    if (error instanceof UsageError) return error.message.split('\n')
    throw error
  }
  return []
}

test('options may stand before and after the command and among the words', (t) => {
  const line = read('-p', 'mesh.json', 'send', 'hello', '-n', 'bravo', 'world', '--strict')
  t.is(line.name, 'send')
  t.deepEqual(line.words, ['hello', 'world'])
  t.is(line.raw.peers, 'mesh.json')
  t.is(line.raw.name, 'bravo')
  t.true(line.raw.strict)
  t.false(line.raw.json)
})

test('an option of the command may stand before the command', (t) => {
  const line = read('-n', 'bravo', '--strict', 'send', 'hi')
  t.is(line.raw.name, 'bravo')
  t.deepEqual(line.words, ['hi'])
})

test('values are written with a blank or with an equals sign', (t) => {
  t.is(read('send', '--name=bravo', 'x').raw.name, 'bravo')
  t.is(read('send', '-n=bravo', 'x').raw.name, 'bravo')
  t.is(read('send', '--name=-odd', 'x').raw.name, '-odd')
})

test('what follows -- is text, whatever it looks like', (t) => {
  const line = read('send', '-n', 'bravo', 'a', '--', '-text-with-dash', '--json', '--', '-h')
  t.deepEqual(line.words, ['a', '-text-with-dash', '--json', '--', '-h'])
  t.deepEqual(line.literals, ['-text-with-dash', '--json', '--', '-h'])
  t.false(line.raw.json)
})

test('a flag does not swallow the word true or false', (t) => {
  t.deepEqual(read('send', '-n', 'bravo', '--json', 'true').words, ['true'])
  t.deepEqual(read('send', '-n', 'bravo', '--strict', 'false', 'x').words, ['false', 'x'])
})

test('words keep their form: no number, no dot and no prefix is interpreted', (t) => {
  const words = ['007', '1e3', '0x10', '-5', 'a.b', 'no-json', '', '-']
  t.deepEqual(read('send', '-n', 'bravo', ...words).words, words)
})

test('a flag may be repeated, a value may not', (t) => {
  t.true(read('send', '-n', 'bravo', '--json', '--json', 'x').raw.json)
  t.deepEqual(faultsOf('send', '-n', 'alpha', '--name', 'bravo', 'x'), [
    'Option -n, --name is given 2 times: alpha, bravo',
  ])
})

test('every fault is told at once', (t) => {
  t.deepEqual(faultsOf('request', '--bogus', '-n', '', 'a', 'b', 'c'), [
    'Unknown option --bogus',
    'Option -n, --name has an empty value',
    'Unexpected argument "c"',
  ])
})

test('an unknown option names what it may have meant', (t) => {
  t.deepEqual(faultsOf('ping', '--cuont', '3'), ['Unknown option --cuont; did you mean --count?'])
  t.deepEqual(faultsOf('ping', '--no-json'), ['Unknown option --no-json'])
  t.deepEqual(faultsOf('ping', '--__proto__', 'x', '--constructor', 'y').length > 0, true)
})

test('a text that starts with a dash is told to go after --', (t) => {
  t.deepEqual(faultsOf('send', '-n', 'bravo', '-hello'), [
    'Unknown option -hello',
    'A text that starts with a dash goes after --',
    'Missing argument: TEXT...',
  ])
})

test('an option without its value, and a flag with one, are faults', (t) => {
  t.deepEqual(faultsOf('ping', '-n'), ['Option -n needs a value: -n NAME'])
  t.deepEqual(faultsOf('ping', '--name', '--json'), ['Option --name needs a value: --name NAME'])
  t.deepEqual(faultsOf('ping', '--json=yes'), ['Option --json takes no value'])
})

test('a missing command and an unknown command list or suggest what there is', (t) => {
  t.deepEqual(faultsOf(), [
    'Missing command: one of serve, send, request, ping, status, bench, keys, completion',
  ])
  t.deepEqual(faultsOf('sned'), ['Unknown command "sned"; did you mean send?'])
  t.deepEqual(faultsOf('toString'), ['Unknown command "toString"'])
  t.deepEqual(faultsOf('--', 'send')[0]?.startsWith('Missing command before "-- send"'), true)
})

test('missing and superfluous words are faults', (t) => {
  t.deepEqual(faultsOf('send', '-n', 'bravo'), ['Missing argument: TEXT...'])
  t.deepEqual(faultsOf('serve', 'alpha'), ['Unexpected argument "alpha"'])
})

test('help and version win over every fault', (t) => {
  t.deepEqual(readCommandLine(parser, ['--help']), { kind: 'help', command: undefined })
  t.deepEqual(readCommandLine(parser, ['send', '--bogus', '-h']), { kind: 'help', command: 'send' })
  t.deepEqual(readCommandLine(parser, ['help', 'ping']), { kind: 'help', command: 'ping' })
  t.deepEqual(readCommandLine(parser, ['help', 'nothing']), { kind: 'help', command: undefined })
  t.deepEqual(readCommandLine(parser, ['--version']), { kind: 'version' })
  t.deepEqual(readCommandLine(parser, ['send', '--version']), { kind: 'version' })
})

function valuesOf(raw: Record<string, string | boolean>, table = commandTable.send?.options ?? {}) {
  return readValues({ ...globalOptions, ...table }, raw, parseDuration, 'send')
}

test('values become what they mean, and defaults fill in', (t) => {
  const values = valuesOf({ delay: '1.5s', retries: '0', strict: true, json: false, name: 'bravo' })
  t.like(values, { delay: 1500, retries: 0, strict: true, json: false, name: 'bravo', timeout: undefined })
  t.like(valuesOf({}, commandTable.bench?.options), {
    mode: 'all',
    duration: 10_000,
    concurrency: 100,
    size: 100,
  })
})

const badValues: readonly (readonly [string, string, string, string])[] = [
  ['send', 'delay', '5', 'Option -d, --delay: "5" is no time; write it as 5ms or 5s'],
  ['send', 'delay', 'soon', 'Option -d, --delay: "soon" is no time; write it as 500ms, 2s or 1m'],
  ['send', 'delay', '-2s', 'Option -d, --delay: "-2s" is no time; write it as 500ms, 2s or 1m'],
  ['send', 'retries', '-1', 'Option -r, --retries: "-1" is no whole number from 0 to 1000'],
  ['send', 'retries', '1.5', 'Option -r, --retries: "1.5" is no whole number from 0 to 1000'],
  ['send', 'retries', '1001', 'Option -r, --retries: "1001" is no whole number from 0 to 1000'],
  ['bench', 'mode', 'fast', 'Option --mode: "fast" is none of echo, oneway, broadcast, all'],
  ['bench', 'concurrency', '0', 'Option -c, --concurrency: "0" is no whole number from 1 to 100000'],
  ['serve', 'log-level', '4', 'Option --log-level: "4" is none of error, warn, info, debug, 0, 1, 2, 3'],
]

for (const [command, key, text, message] of badValues) {
  test(`the value ${text} of ${command} --${key} is refused`, (t) => {
    const options = commandTable[command]?.options ?? {}
    const error = t.throws(() => readValues(options, { [key]: text }, parseDuration, command), {
      instanceOf: UsageError,
    })
    t.is(error?.message, message)
  })
}

test('two wrong values are told together', (t) => {
  const error = t.throws(() => valuesOf({ delay: 'x', retries: 'y' }), { instanceOf: UsageError })
  t.is(error?.message.split('\n').length, 2)
})

test('a name or letter takes a value in each command that knows it, or in none', (t) => {
  const kinds = new Map<string, boolean>()
  for (const [command, { options }] of Object.entries(commandTable)) {
    const letters = new Set<string>()
    for (const [key, option] of Object.entries<Option>({ ...globalOptions, ...options })) {
      for (const name of [key, option.alias].filter((word) => word !== undefined)) {
        t.false(letters.has(name), `${command} has ${name} twice`)
        letters.add(name)
        t.is(kinds.get(name) ?? option.kind === 'flag', option.kind === 'flag', `${command} --${name}`)
        kinds.set(name, option.kind === 'flag')
      }
    }
  }
  t.true(kinds.size > 20)
})

test('every example of the help is a command line that reads without a fault', (t) => {
  let count = 0
  for (const { examples, options } of Object.values(commandTable)) {
    for (const [text] of examples) {
      const argv = [...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '')
      const shell = argv.indexOf('>>')
      const line = read(...(shell < 0 ? argv : argv.slice(0, shell)))
      t.notThrows(
        () => readValues({ ...globalOptions, ...options }, line.raw, parseDuration, line.name),
        text,
      )
      count++
    }
  }
  t.true(count >= 7)
})

test('any words after -- arrive as they were written, behind any mix of options', (t) => {
  const option = fc.constantFrom(['-n', 'bravo'], ['--json'], ['-t', '2s'], ['--strict'], ['-p', 'x.json'])
  const property = fc.property(
    fc.uniqueArray(option, { selector: ([key]) => key }),
    fc.array(fc.string(), { minLength: 1 }),
    (options, words) => {
      const line = read('send', ...options.flat(), '--', ...words)
      return JSON.stringify(line.words) === JSON.stringify(words)
    },
  )
  fc.assert(property, { seed: 4, numRuns: 500 })
  t.pass()
})

test('any arguments either read or fail with a UsageError', (t) => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'send',
      'ping',
      '-n',
      '--name',
      '--json',
      '--',
      '-',
      '=',
      '-c',
      '--no-',
      '--__proto__',
      '-p=',
      '-5',
    ),
  )
  const property = fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
    try {
      readCommandLine(parser, argv)
    } catch (error) {
      if (!(error instanceof UsageError) || error.message === '') throw error
    }
  })
  t.notThrows(() => fc.assert(property, { seed: 5, numRuns: 3000 }))
})

test('the types of the values follow the table', (t) => {
  const values = valuesOf({ delay: '2s', strict: true }) as Values<typeof sendOptions>
  const strict: boolean = values.strict
  // @ts-expect-error: a duration is a number of milliseconds, or nothing
  const delay: string | undefined = values.delay
  t.true(strict)
  t.is(typeof delay, 'number')
})
