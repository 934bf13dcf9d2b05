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

/** What a core tells that is a report and not an order. */
export type Report = Exclude<
  CoreEvent,
  {
    kind:
      | 'request-done'
      | 'request-failed'
      | 'send-delivered'
      | 'send-failed'
      | 'cast-done'
      | 'call'
      | 'call-aborted'
      | 'arrival'
  }
>

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
    this.#settings = settings
    this.#warnings = new Warnings((text) => settings.log?.warn(text))
  }

  info(text: string): void {
    this.#settings.log?.info(text)
  }

  /** A warning that may come often; those with the same key are held back and counted. */
  warn(key: string, text: string): void {
    this.#warnings.warn(this.#settings.now(), key, text)
  }

  report(report: Report): void {
    const { log } = this.#settings
    switch (report.kind) {
      case 'peer-state':
        this.#peerState(report)
        return
      case 'peer-busy': {
        const { peer, busy } = report
        this.#emit({ kind: 'peer:busy', peer, busy })
        log?.info(busy ? `peer ${peer} is busy: its event loop lags` : `peer ${peer} is no longer busy`)
        this.#settings.onChange()
        return
      }
      case 'peer-restarted': {
        const { peer, incarnation } = report
        this.#emit({ kind: 'peer:restarted', peer, incarnation })
        log?.info(`peer ${peer} restarted`)
        return
      }
      case 'link-opened':
        this.#emit({ kind: 'link:up', peer: report.link.peer })
        log?.debug(`link to ${report.link.peer} is open`)
        this.#settings.onChange()
        return
      case 'link-closed':
        this.#emit({ kind: 'link:down', peer: report.link.peer, cause: 'closed' })
        log?.debug(`link to ${report.link.peer} is down`)
        this.#settings.onChange()
        return
      case 'link-refused': {
        const { link, refuse } = report
        this.#emit({ kind: 'link:refused', peer: link.peer, reason: refuse.reason, text: refuse.text })
        this.warn(`refused ${link.peer}`, `peer ${link.peer} refused this node (${refuse.reason}): ${refuse.text}`)
        return
      }
      case 'reset-link': {
        const { link, why } = report
        if (why === 'peer-is-back') return
        this.#emit({ kind: 'link:reset', peer: link.peer })
        this.warn(`reset ${link.peer}`, `link to ${link.peer} is reset: ${WHY_RESET[why]}`)
        return
      }
      case 'hello-refused': {
        const connection = this.#settings.describe(report.connection)
        const text = `"${report.hello.name}" was refused (${report.text})`
        this.#emit({ kind: 'violation', connection, text })
        this.warn(`hello ${report.hello.name}`, `${connection}: ${text}`)
        return
      }
      case 'violation': {
        const connection = this.#settings.describe(report.connection)
        this.#emit({ kind: 'violation', connection, text: report.text })
        this.warn(`violation ${connection}`, `${connection} broke the protocol: ${report.text}`)
        return
      }
      case 'session-opened':
        log?.debug(`${report.session.role} ${report.session.name} said hello`)
        return
      case 'session-closed':
        log?.debug(`${report.session.role} ${report.session.name} is gone`)
        return
      case 'request-retried':
        return
      default:
        unreachable(report)
    }
  }

  end(): void {
    this.events.end()
  }

  #peerState({ peer, state, text, incarnation, lostMs }: Extract<Report, { kind: 'peer-state' }>): void {
    const { log } = this.#settings
    switch (state) {
      case 'alive':
        this.#emit({ kind: 'peer:alive', peer, incarnation })
        log?.info(lostMs === undefined ? `peer ${peer} is alive` : `peer ${peer} is alive again after ${formatDuration(lostMs)}`)
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

const WHY_RESET = {
  lifeless: 'a request saw no sign of life on it',
  mute: 'nobody answers Hello on it',
} as const
