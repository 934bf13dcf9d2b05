/**
 * What a node says of what happens to it: events for those who read them, lines for the log. The same fact, once for
 * programs and once for people.
 */

import { unreachable } from '../base/assert.ts'
import { formatDuration } from '../discovery/duration.ts'
import type { Logger, NodeEvent } from './api.ts'
import type { CoreEvent } from './core.ts'
import { EventStream } from './event-stream.ts'
import { Warnings } from './warnings.ts'

/** What a core tells that is somebody's order or result, and no report. */
const ORDERS = [
  'request-done',
  'request-failed',
  'send-delivered',
  'send-failed',
  'progress',
  'cast-done',
  'call',
  'call-aborted',
  'arrival',
  'arrival-aborted',
] as const

/** What a core tells for everybody to know. */
export type Report = Exclude<CoreEvent, { kind: (typeof ORDERS)[number] }>

export function isReport(event: CoreEvent): event is Report {
  return !(ORDERS as readonly string[]).includes(event.kind)
}

/** What a reporter needs. */
export interface ReporterSettings {
  readonly log: Logger | undefined
  readonly now: () => number
  readonly describe: (connection: Extract<Report, { kind: 'violation' }>['connection']) => string
  /** Something changed that the status line shows. */
  readonly onChange: () => void
}

/** The voice of one node or client. */
export class Reporter {
  readonly events = new EventStream()
  readonly #settings: ReporterSettings
  readonly #warnings: Warnings

  constructor(settings: ReporterSettings) {
    this.#settings = { ...settings, log: guarded(settings.log) }
    this.#warnings = new Warnings((text) => this.#settings.log?.warn(text))
  }

  debug(text: string): void {
    this.#settings.log?.debug(text)
  }

  info(text: string): void {
    this.#settings.log?.info(text)
  }

  /** A warning that may come often; those with the same key are held back and counted. */
  warn(key: string, text: string): void {
    this.#warnings.warn(this.#settings.now(), key, text)
  }

  report(report: Report): void {
    switch (report.kind) {
      case 'peer-state':
        this.#peerState(report)
        return
      case 'peer-busy':
        this.#peerBusy(report.peer, report.busy)
        return
      case 'peer-hung': {
        const quiet = formatDuration(report.quietMs)
        this.#emit({ kind: 'peer:hung', peer: report.peer, quietMs: report.quietMs })
        this.#settings.log?.warn(
          `peer ${report.peer} hangs: its process answers, its event loop not for ${quiet}`,
        )
        this.#settings.onChange()
        return
      }
      case 'peer-slow':
        this.#peerSlow(report)
        return
      case 'peer-restarted':
        this.#emit({ kind: 'peer:restarted', peer: report.peer, incarnation: report.incarnation })
        this.info(`peer ${report.peer} restarted`)
        return
      case 'link-opened':
      case 'link-closed':
      case 'link-refused':
      case 'link-shortcut':
      case 'reset-link':
        this.#link(report)
        return
      case 'hello-refused': {
        // Told once for each connection: the names are a stranger's choice, and could be a new one each time.
        const text = `"${report.hello.name}" was refused (${report.text})`
        this.#violation(report.connection, 'hello', text)
        return
      }
      case 'violation':
        this.#violation(report.connection, 'violation', `it broke the protocol: ${report.text}`)
        return
      case 'impostor':
        this.refused(report.party, this.#settings.describe(report.connection), report.text)
        return
      case 'session-opened':
        this.debug(`${report.session.role} ${report.session.name} said hello`)
        return
      case 'session-closed':
        this.debug(`${report.session.role} ${report.session.name} is gone`)
        return
      case 'request-retried':
      case 'probe-peer':
        return
      default:
        unreachable(report)
    }
  }

  /** Somebody who is not known, or is not who it says, was refused. */
  refused(party: string | undefined, connection: string, text: string): void {
    this.#emit({ kind: 'security:refused', party, connection, text })
    // Told once for each connection: the names are a stranger's choice, and could be a new one each time.
    const who = party === undefined ? '' : ` as "${party}"`
    this.warn(`security ${connection}`, `${connection}: refused${who}: ${text}`)
  }

  /** Keys and rules were read again. */
  peersApplied(): void {
    this.#emit({ kind: 'peers:applied' })
    this.info('keys and rules of the peers file were read again, and count from now on')
  }

  /** They changed, and are wrong. Not held back: each is another fault. */
  peersInvalid(text: string): void {
    this.#emit({ kind: 'peers:invalid', text })
    this.#settings.log?.error(`the peers file or the key changed, and nothing of it counts: ${text}`)
  }

  end(): void {
    this.events.end()
  }

  #link(report: Extract<Report, { link: unknown }>): void {
    const { peer } = report.link
    switch (report.kind) {
      case 'link-opened':
        this.#emit({ kind: 'link:up', peer, transport: report.link.carrier })
        this.debug(`link to ${peer} is open over ${report.link.carrier}`)
        this.#settings.onChange()
        return
      case 'link-closed':
        this.#emit({ kind: 'link:down', peer, cause: report.cause })
        this.debug(`link to ${peer} is down: ${report.cause}`)
        this.#settings.onChange()
        return
      case 'link-refused': {
        const { reason, text } = report.refuse
        this.#emit({ kind: 'link:refused', peer, reason, text })
        this.warn(`refused ${peer}`, `peer ${peer} refused this node (${reason}): ${text}`)
        return
      }
      case 'link-shortcut':
        this.debug(`peer ${peer} is on this host: the link moves to ${report.endpoint}`)
        return
      case 'reset-link':
        if (report.why === 'peer-is-back' || report.why === 'keys') return
        this.#emit({ kind: 'link:reset', peer })
        this.warn(`reset ${peer}`, `link to ${peer} is reset: ${WHY_RESET[report.why]}`)
        return
      default:
        unreachable(report)
    }
  }

  #violation(id: Extract<Report, { kind: 'violation' }>['connection'], topic: string, text: string): void {
    const connection = this.#settings.describe(id)
    this.#emit({ kind: 'violation', connection, text })
    this.warn(`${topic} ${connection}`, `${connection}: ${text}`)
  }

  #peerBusy(peer: string, busy: boolean): void {
    this.#emit({ kind: 'peer:busy', peer, busy })
    this.info(busy ? `peer ${peer} is busy: its event loop lags` : `peer ${peer} is no longer busy`)
    this.#settings.onChange()
  }

  #peerSlow({ peer, slow, queuedBytes }: Extract<Report, { kind: 'peer-slow' }>): void {
    this.#emit({ kind: 'peer:slow', peer, slow, queuedBytes })
    if (slow)
      this.#settings.log?.warn(
        `peer ${peer} is slow: it does not take what waits for it (${queuedBytes} bytes)`,
      )
    else this.info(`peer ${peer} is no longer slow`)
  }

  #peerState({ peer, state, text, incarnation, lostMs }: Extract<Report, { kind: 'peer-state' }>): void {
    const { log } = this.#settings
    switch (state) {
      case 'alive':
        this.#emit({ kind: 'peer:alive', peer, incarnation })
        log?.info(
          lostMs === undefined
            ? `peer ${peer} is alive`
            : `peer ${peer} is alive again after ${formatDuration(lostMs)}`,
        )
        break
      case 'suspect':
        this.#emit({ kind: 'peer:suspect', peer, text })
        log?.info(`peer ${peer} is suspect: ${text}`)
        break
      case 'dead':
        this.#emit({ kind: 'peer:dead', peer, text })
        log?.warn(`peer ${peer} is dead: ${text}`)
        break
      case 'left':
        this.#emit({ kind: 'peer:left', peer })
        log?.info(`peer ${peer} has left`)
        break
      default:
        unreachable(state)
    }
    this.#settings.onChange()
  }

  #emit(event: NodeEvent): void {
    this.events.push(event)
  }
}

/** The user's logger, kept from doing harm: one that throws must not cost anybody an answer. */
function guarded(log: Logger | undefined): Logger | undefined {
  if (log === undefined) return undefined
  const guard = (level: keyof Logger) => (text: string) => {
    try {
      log[level](text)
    } catch {
      // There is no place to complain: the log is the place.
    }
  }
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') }
}

const WHY_RESET = {
  lifeless: 'a request saw no sign of life on it',
  mute: 'nobody answers Hello on it',
} as const
