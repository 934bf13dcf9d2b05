/** Which endpoints are shortcuts, and who follows what a Welcome offers: the rule of S17 by table. */

import test from 'ava'
import { isShortcut, offersShortcut } from '../../src/session/shortcut.ts'
import { welcome } from '../support/samples.ts'

const DIGITS = '00112233445566778899aabbccddeeff'
const SHORTCUT = `ipc://@zmqnet-${DIGITS}`

const FORMS: readonly (readonly [string, boolean])[] = [
  [SHORTCUT, true],
  [`ipc:///tmp/zmqnet-${DIGITS}/s`, true],
  [`ipc:///zmqnet-${DIGITS}/s`, true],
  [`ipc:///var/folders/zz/zyx_n0/T/zmqnet-${DIGITS}/s`, true],
  [`ipc:///tmp/mit Leerzeichen und ü/zmqnet-${DIGITS}/s`, true],
  ['', false],
  ['tcp://127.0.0.1:22', false],
  [`tcp://127.0.0.1:22/@zmqnet-${DIGITS}`, false],
  [`inproc://@zmqnet-${DIGITS}`, false],
  ['ipc:///run/docker.sock', false],
  ['ipc://@/org/freedesktop/dbus', false],
  ['ipc://*', false],
  [`ipc://zmqnet-${DIGITS}/s`, false],
  [`ipc://@zmqnet-${DIGITS}/s`, false],
  [`ipc://@x/zmqnet-${DIGITS}`, false],
  [`ipc:///tmp/zmqnet-${DIGITS}`, false],
  [`ipc:///tmp/zmqnet-${DIGITS}/socket`, false],
  [`ipc:///tmp/zmqnet-${DIGITS}/../other/s`, false],
  [`ipc:///tmp/zmqnet-${DIGITS}/s\n`, false],
  [`ipc:///tmp\0/zmqnet-${DIGITS}/s`, false],
  [`${SHORTCUT}\0`, false],
  [`${SHORTCUT}\n`, false],
  [`${SHORTCUT}0`, false],
  [SHORTCUT.slice(0, -1), false],
  [SHORTCUT.toUpperCase(), false],
  [` ${SHORTCUT}`, false],
]

test('S17: a shortcut has one of two forms, and nothing else is one', (t) => {
  for (const [endpoint, isOne] of FORMS) t.is(isShortcut(endpoint), isOne, JSON.stringify(endpoint))
})

test('S17: a shortcut is followed by parties with the same host token only', (t) => {
  const offer = (hostToken: string, shortcut: string) => welcome({ hostToken, shortcut })
  t.true(offersShortcut('here', offer('here', SHORTCUT)))
  t.false(offersShortcut('here', offer('there', SHORTCUT)))
  t.false(offersShortcut('here', offer('', SHORTCUT)))
  t.false(offersShortcut('here', offer('here', '')))
  t.false(offersShortcut('here', offer('here', 'tcp://127.0.0.1:22')))
  t.false(offersShortcut('', offer('', SHORTCUT)), 'who has no token is nowhere')
  t.false(offersShortcut(undefined, offer('', SHORTCUT)))
})
