/**
 * One simulated connection between the process that dialled it and the process that accepted it: two streams, and two
 * ends that close each for itself. Its owners, dial.ts and transport.ts, hear of it through `ConnectionSide`.
 *
 * What a side sent before it closed still arrives; what comes to a side that has closed is lost.
 */

import { Keepalive } from './keepalive.ts'
import type { SimProcess } from './process.ts'
import { type Packet, Stream, type StreamEnds, type StreamWorld } from './stream.ts'

/** What the owner of a side hears. */
export interface ConnectionSide {
  readonly process: SimProcess
  /** A message, in a turn of the owner's process. */
  deliver(packet: Packet): void
  /** The other side closed, or is silent: work of the I/O thread, not yet a turn of the event loop. */
  ended(cause: 'closed' | 'silent' | 'unreachable'): void
  /** The other side took bytes. */
  drained(): void
}

/** What connections tell for the trace. */
export interface ConnectionObserver {
  lost(from: SimProcess, to: SimProcess, packet: Packet, why: string): void
}

/** One end of a connection, with the stream that leaves it. */
class End {
  readonly side: ConnectionSide
  readonly outgoing: Stream
  readonly keepalive: Keepalive
  open = true

  constructor(side: ConnectionSide, outgoing: Stream, keepalive: Keepalive) {
    this.side = side
    this.outgoing = outgoing
    this.keepalive = keepalive
  }
}

/** An established connection. */
export class Connection {
  readonly #dialler: End
  readonly #acceptor: End

  constructor(
    world: StreamWorld,
    observer: ConnectionObserver,
    dialler: ConnectionSide,
    acceptor: ConnectionSide,
  ) {
    const end = (
      here: ConnectionSide,
      there: ConnectionSide,
      ownEnd: () => End,
      otherEnd: () => End,
    ): End => {
      const ends: StreamEnds = {
        from: here.process,
        to: there.process,
        deliver: (packet) => there.deliver(packet),
        lost: (packet, why) => observer.lost(here.process, there.process, packet, why),
        ended: () => there.process.runIo(() => this.#ends(otherEnd(), 'closed')),
        drained: () => here.drained(),
      }
      const silent = (): void => this.#ends(ownEnd(), 'silent')
      return new End(here, new Stream(world, ends), new Keepalive(world, here.process, there.process, silent))
    }
    const ofDialler = (): End => this.#dialler
    const ofAcceptor = (): End => this.#acceptor
    this.#dialler = end(dialler, acceptor, ofDialler, ofAcceptor)
    this.#acceptor = end(acceptor, dialler, ofAcceptor, ofDialler)
  }

  get toAcceptor(): Stream {
    return this.#dialler.outgoing
  }

  get toDialler(): Stream {
    return this.#acceptor.outgoing
  }

  /** Whether neither side needs it any more. */
  get over(): boolean {
    return !this.#dialler.open && !this.#acceptor.open
  }

  /** The dialling side closes, on purpose or because its process died. */
  closeDialler(): void {
    this.#close(this.#dialler, this.#acceptor, true)
  }

  /** The accepting side closes, on purpose or because its process died. */
  closeAcceptor(): void {
    this.#close(this.#acceptor, this.#dialler, true)
  }

  /** A direction was cut or healed. */
  pathChanged(): void {
    for (const end of [this.#dialler, this.#acceptor]) {
      end.outgoing.pathChanged()
      end.keepalive.check()
    }
  }

  /** The dialling side asked whether the process of the other one runs, and got no answer. */
  silence(cause: 'silent' | 'unreachable'): void {
    this.#ends(this.#dialler, cause)
  }

  /** A side learns that the connection is at its end. What has come by then still reaches its event loop. */
  #ends(end: End, cause: 'closed' | 'silent' | 'unreachable'): void {
    if (!end.open) return
    const other = end === this.#dialler ? this.#acceptor : this.#dialler
    this.#close(end, other, cause !== 'closed')
    end.side.ended(cause)
  }

  #close(end: End, other: End, losesWhatComes: boolean): void {
    if (!end.open) return
    end.open = false
    end.keepalive.stop()
    if (losesWhatComes) other.outgoing.break()
    end.outgoing.end()
  }
}
