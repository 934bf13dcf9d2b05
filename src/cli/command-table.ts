/**
 * The commands of zmqnet, as their users see them. Bodies are loaded by the command that runs, so that `zmqnet send`
 * does not pay for the bench.
 */

import { type Command, defineCommand } from './command.ts'
import { keysActions } from './keys-actions.ts'
import {
  benchOptions,
  completionOptions,
  keysOptions,
  pingOptions,
  requestOptions,
  sendOptions,
  serveOptions,
  statusOptions,
} from './option-tables.ts'

const NO_WORDS = { usage: '', minimum: 0, maximum: 0 } as const

/** The commands by name, in the order of the help. */
export const commandTable: Readonly<Record<string, Command>> = {
  serve: defineCommand({
    summary: 'Run a node of the mesh',
    notes:
      'Prints one line when it listens and logs to stderr. With --json it prints {"event":"listening",...} and then ' +
      'each event of the mesh as a line. Ctrl-C or SIGTERM drains and exits with 0; a second one exits at once, with ' +
      '130 or 143. An address that is in use exits with 2.',
    options: serveOptions,
    words: NO_WORDS,
    examples: [
      ['serve -n alpha', 'Be alpha of ./peers.json'],
      ['-p mesh.json serve -n alpha -u 10s --log-level debug', 'Be alpha of mesh.json for ten seconds'],
    ],
    load: () => import('./serve.ts'),
  }),
  send: defineCommand({
    summary: 'Send a text to a node, which passes it on to all others',
    notes:
      'Several words are joined by a blank. "-" alone reads the text from standard input. What follows "--" is text, ' +
      'also when it starts with a dash. Prints who acked and who is missing; exits with 4 when a peer is missing, with 3 ' +
      'when the node itself did not answer. A peer that said goodbye is not expected, and hence not missing, unless ' +
      '--strict: then every other peer of the file must have acked.',
    options: sendOptions,
    words: { usage: 'TEXT...', minimum: 1, maximum: Number.POSITIVE_INFINITY },
    examples: [
      ['send -n bravo "this is a test message"', 'Have bravo tell all others'],
      ['send -n bravo --json -- -42', 'A text that starts with a dash'],
      ['send -n bravo -', 'A text from standard input'],
    ],
    load: () => import('./send.ts'),
  }),
  request: defineCommand({
    summary: 'Ask a node and print its reply',
    notes:
      'BODY is sent as what it means in JSON, or as text when it is not JSON or with --raw; "-" reads it from standard ' +
      'input; without BODY the body is empty. The reply is printed as JSON, a text as it is. With --json: ' +
      '{"ok":true,"node","verb","reply","ms"}.',
    options: requestOptions,
    words: { usage: 'VERB [BODY]', minimum: 1, maximum: 2 },
    examples: [
      [`request -n bravo greet '{"name":"x"}'`, 'Ask bravo'],
      ['request -n bravo zmqnet.echo hello', 'Every node answers zmqnet.echo'],
    ],
    load: () => import('./request.ts'),
  }),
  ping: defineCommand({
    summary: 'Measure the round trip to a node, or to all',
    notes:
      'Exits with 3 when nobody answered, with 4 when some did not. Ctrl-C prints the summary and exits likewise.',
    options: pingOptions,
    words: NO_WORDS,
    examples: [
      ['ping', 'Every node of the file, one line each'],
      ['ping -n bravo -c 10 -i 200ms', 'Bravo, ten times'],
    ],
    load: () => import('./ping.ts'),
  }),
  status: defineCommand({
    summary: "Show a node's peers, or every node's view of every other",
    notes:
      'Without -n each line is one node: what it sees of the others. So a cut in one direction is visible. Exits with 3 ' +
      'when no node answered, with 4 when some did not.',
    options: statusOptions,
    words: NO_WORDS,
    examples: [
      ['status', 'The whole mesh'],
      ['status -n bravo --json', 'All that bravo knows'],
      ['status --watch -i 1s', 'The whole mesh, each second'],
    ],
    load: () => import('./status.ts'),
  }),
  bench: defineCommand({
    summary: 'Load a running node and measure it',
    notes:
      'echo: requests that return their body. oneway: sends, each counted when its receipt is there. broadcast: the ' +
      'node asks all its peers and gives the tally. Progress goes to stderr. Ctrl-C ends early and prints what it has. ' +
      'Failed operations are counted by code; then it exits with 4, or with 3 when nothing succeeded.',
    options: benchOptions,
    words: NO_WORDS,
    examples: [
      ['bench -n bravo -d 30s', 'All modes, thirty seconds each'],
      [
        'bench -n bravo --mode echo -c 1 --size 1000 -o results.json',
        'The latency of one request after the other',
      ],
    ],
    load: () => import('./bench.ts'),
  }),
  keys: defineCommand({
    summary: 'Make, trust, show, rotate and revoke the keys of secure mode',
    notes:
      'new makes a key: a file that only its owner can read, and a .pub file with the public half. trust brings public ' +
      'halves into the peers file: of the files that are named, else of all in the folder. show tells which keys there ' +
      'are, and whether the peers file trusts them. rotate makes a new key, beside which the former one counts for a ' +
      'time. revoke takes the keys of a member or client away. Nodes that run take the changes of their peers file by ' +
      'themselves. A peers file may be named as a word of trust. docs/security.md tells the whole story.',
    options: keysOptions,
    words: {
      usage: 'ACTION [FILE...]',
      minimum: 1,
      maximum: Number.POSITIVE_INFINITY,
      first: Object.keys(keysActions),
    },
    examples: [
      ['keys new -n alpha', 'Make keys/alpha.key and keys/alpha.pub beside the peers file'],
      ['keys new -n ops --client', 'A key for who sends and asks, but is no member'],
      ['keys trust peers.json', 'Bring the public halves of all keys into peers.json'],
      ['keys trust alpha.pub', 'Bring in one that came from another machine'],
      ['keys show --json', 'Which keys there are; never their private halves'],
      ['keys rotate -n alpha --overlap 24h', 'A new key for alpha; the former one counts for a day'],
      ['keys revoke -n charlie', 'Cut charlie off'],
    ],
    load: () => import('./keys.ts'),
  }),
  completion: defineCommand({
    summary: 'Print the script that teaches your shell to complete zmqnet',
    notes: 'SHELL is bash, zsh or fish. Default: the one that SHELL names, else bash.',
    options: completionOptions,
    words: { usage: '[SHELL]', minimum: 0, maximum: 1 },
    examples: [['completion bash >> ~/.bashrc', 'Complete commands, options and names of nodes']],
    load: () => import('./completion.ts'),
  }),
}
