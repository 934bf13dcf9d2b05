/**
 * `zmqnet status`: what a node sees of its peers, or what every node sees of every other. The second is the view that
 * finds a cut in one direction: each cell is the opinion of the node of its row about the node of its column. Nothing is
 * added up here; nodes may well disagree, and that is the news.
 */

import type { NodeStatus, PeerConfig, PeersConfig, PeerView } from '../index.ts'
import type { Context } from './command.ts'
import { findPeer, withClient } from './dial.ts'
import { EXIT } from './exit-code.ts'
import { codeAndMessageOf } from './faults.ts'
import type { statusOptions } from './option-tables.ts'
import {
  type Cell,
  cell,
  formatCount,
  formatWholeMs,
  layOut,
  numberCell,
  type Paint,
  plural,
  type Style,
} from './output.ts'

type StatusContext = Context<typeof statusOptions>

/** What is shown at one time. */
interface View {
  readonly exitCode: number
  readonly lines: readonly string[]
  readonly json: unknown
}

/** Clears a terminal from its upper left corner on. */
const CLEAR = '\u001b[H\u001b[J'

/** Shows one node or all, once or again and again. */
export async function run(context: StatusContext): Promise<number> {
  const { io, out, values } = context
  const config = context.loadPeers()
  const peer = values.name === undefined ? undefined : findPeer(config, values.name, 'status')
  for (;;) {
    const view = peer === undefined ? await viewAll(context, config) : await viewOne(context, config, peer)
    if (io.interrupt.aborted && values.watch) return EXIT.done
    if (values.json) out.json(view.json)
    else {
      if (values.watch && io.stdout.isTTY) io.stdout.write(CLEAR)
      for (const line of view.lines) out.line(line)
    }
    if (!values.watch) return view.exitCode
    await io.sleep(values.interval, io.interrupt)
    if (io.interrupt.aborted) return view.exitCode
    if (!values.json && !io.stdout.isTTY) out.line()
  }
}

async function ask(context: StatusContext, config: PeersConfig, name: string): Promise<NodeStatus> {
  const { io, values } = context
  return await withClient(context, config, name, (client) =>
    client.status({ timeout: values.timeout, retries: 0, signal: io.interrupt }),
  )
}

/** The view of one node. A node that does not answer is an error, but not while it is watched. */
async function viewOne(context: StatusContext, config: PeersConfig, peer: PeerConfig): Promise<View> {
  try {
    const status = await ask(context, config, peer.name)
    return { exitCode: EXIT.done, lines: linesOfNode(status, context.out.paint), json: status }
  } catch (error) {
    if (!context.values.watch) throw error
    const fault = codeAndMessageOf(error)
    return {
      exitCode: EXIT.unreachable,
      lines: [context.out.paint('red', fault.message)],
      json: { error: fault },
    }
  }
}

function linesOfNode(status: NodeStatus, paint: Paint): string[] {
  const { name, endpoint, uptimeMs, incarnation, network, pending, counters } = status
  const heading = `${paint('bold', name)} at ${endpoint}, up ${formatWholeMs(uptimeMs)}, run ${incarnation}, network ${network}`
  const titles = [
    'PEER',
    'ADDRESS',
    'STATE',
    'LINK',
    'SECURITY',
    'ROUND TRIP',
    'LAST HEARD',
    'OPEN FOR',
    'OUTAGES',
  ]
  const table = layOut([titles.map((title) => cell(title, 'dim')), ...status.peers.map(rowOfPeer)], paint)
  const counts = Object.entries(counters).map(([key, count]) => `${wordsOf(key)} ${formatCount(count)}`)
  return [heading, ...table, paint('dim', [`pending ${formatCount(pending)}`, ...counts].join(', '))]
}

/** "framesSent" as "frames sent". */
function wordsOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function rowOfPeer(peer: PeerView): Cell[] {
  const timeOf = (durationMs: number | undefined) =>
    durationMs === undefined ? '-' : formatWholeMs(durationMs)
  const { count, longestMs, totalMs } = peer.outages
  const lastHeard = peer.lastSeenMs === undefined ? 'never' : `${formatWholeMs(peer.lastSeenMs)} ago`
  const outages =
    count === 0 ? 'none' : `${count}, longest ${formatWholeMs(longestMs)}, in all ${formatWholeMs(totalMs)}`
  return [
    cell(peer.name),
    cell(peer.address),
    cell(`${peer.state}${loopOf(peer)}`, styleOf(peer)),
    cell(linkOf(peer), peer.link === 'open' ? 'green' : 'red'),
    cell(securityOf(peer), peer.proven ? 'green' : undefined),
    numberCell(timeOf(peer.rttMs)),
    numberCell(lastHeard),
    numberCell(timeOf(peer.openMs)),
    cell(outages),
  ]
}

/** How the loop of a peer runs, where that is worth a word; nodes of an older version do not tell hung from busy. */
function loopOf({ busy, hung }: PeerView): string {
  return hung ? ', hung' : busy ? ', busy' : ''
}

/** The state of a link, and what carries it; nodes of an older version do not say. */
function linkOf({ link, transport }: PeerView): string {
  return link !== 'open' || transport === undefined ? link : `${link}, ${transport}`
}

/** What protects an open link. In secure mode both hold: a link that is not proven does not open. */
function securityOf({ link, encrypted, proven }: PeerView): string {
  if (link !== 'open') return '-'
  if (encrypted && proven) return 'proven'
  return encrypted ? 'encrypted' : 'plain'
}

function styleOf(peer: PeerView): Style {
  switch (peer.state) {
    case 'alive':
      return peer.busy || peer.link !== 'open' ? 'yellow' : 'green'
    case 'suspect':
      return 'yellow'
    case 'dead':
      return 'red'
    case 'left':
      return 'dim'
  }
}

/** What came back from one node of the file. */
type Answer = { readonly peer: PeerConfig } & (
  | { readonly status: NodeStatus }
  | { readonly error: { readonly code: string; readonly message: string } }
)

async function viewAll(context: StatusContext, config: PeersConfig): Promise<View> {
  const answers = await Promise.all(
    config.peers.map(async (peer): Promise<Answer> => {
      try {
        return { peer, status: await ask(context, config, peer.name) }
      } catch (error) {
        if (context.io.interrupt.aborted && !context.values.watch) throw error
        return { peer, error: codeAndMessageOf(error) }
      }
    }),
  )
  const reached = answers.filter((answer) => 'status' in answer)
  const views = reached.flatMap(({ status }) => status.peers)
  const isWhole = reached.length === answers.length && views.every(isFine)
  const missing = reached.length === 0 ? EXIT.unreachable : EXIT.partial
  return {
    exitCode: reached.length === answers.length ? EXIT.done : missing,
    lines: linesOfAll(answers, views, context.out.paint),
    json: {
      ok: isWhole,
      nodes: answers.map(toJson),
      oneWay: oneWaysOf(answers).map(({ sees, seen }) => ({ sees, seen })),
    },
  }
}

function isFine(peer: PeerView): boolean {
  return peer.state === 'alive' && peer.link === 'open'
}

function toJson(answer: Answer) {
  const { name, address } = answer.peer
  if ('error' in answer) return { name, address, reachable: false, error: answer.error }
  return { name, address, reachable: true, status: answer.status }
}

function linesOfAll(answers: readonly Answer[], views: readonly PeerView[], paint: Paint): string[] {
  const names = answers.map((answer) => answer.peer.name)
  const rows = answers.map((answer) => [
    cell(answer.peer.name, 'error' in answer ? 'red' : 'bold'),
    ...names.map((name) => cellOf(answer, name)),
  ])
  const head = [cell('NODE SEES', 'dim'), ...names.map((name) => cell(name, 'bold'))]
  const faults = answers.flatMap((answer) =>
    'error' in answer
      ? [`${paint('red', `${answer.peer.name} does not answer`)}: ${answer.error.message}`]
      : [],
  )
  const oneWays = oneWaysOf(answers).map(({ sees, seen, back }) => {
    const how = back.state === 'alive' ? `link ${back.link}` : back.state
    return `${paint('yellow', `${sees} sees ${seen}`)}, ${seen} does not see ${sees} (${how})`
  })
  const answered = `${answers.length - faults.length} of ${plural(answers.length, 'node')} answered`
  const alive = `${views.filter(isFine).length} of ${plural(views.length, 'view')} alive`
  const open = views.filter(({ link }) => link === 'open')
  const proven = open.filter((view) => view.encrypted && view.proven)
  const security =
    proven.length === 0 ? '' : `, ${proven.length} of ${plural(open.length, 'link')} encrypted and proven`
  return [
    ...layOut([head, ...rows], paint),
    ...oneWays,
    ...faults,
    paint('dim', `${answered}, ${alive}${security}`),
  ]
}

/** The opinion of a node about another. A link that is not open is named, for the other side may think differently. */
function cellOf(answer: Answer, name: string): Cell {
  if (answer.peer.name === name) return cell('self', 'dim')
  if ('error' in answer) return cell('?', 'red')
  const view = answer.status.peers.find((peer) => peer.name === name)
  if (view === undefined) return cell('unknown', 'red')
  const rtt = view.rttMs === undefined ? '' : ` ${formatWholeMs(view.rttMs)}`
  const link = view.link === 'open' ? rtt : `, link ${view.link}`
  return cell(view.state === 'alive' ? `alive${loopOf(view)}${link}` : view.state, styleOf(view))
}

/** One node sees another, and not the other way round. */
interface OneWay {
  readonly sees: string
  readonly seen: string
  /** What the one that is seen thinks of the one that sees it. */
  readonly back: PeerView
}

/** The pairs of which only one half is alive with an open link: what a cut in one direction, or a firewall, looks like. */
function oneWaysOf(answers: readonly Answer[]): OneWay[] {
  const views = new Map(
    answers.map((answer) => [answer.peer.name, 'status' in answer ? answer.status.peers : []]),
  )
  const viewOf = (from: string, to: string) => views.get(from)?.find((view) => view.name === to)
  return [...views].flatMap(([sees, peers]) =>
    peers.filter(isFine).flatMap(({ name: seen }) => {
      const back = viewOf(seen, sees)
      return back === undefined || isFine(back) ? [] : [{ sees, seen, back }]
    }),
  )
}
