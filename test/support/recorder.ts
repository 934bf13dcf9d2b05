/**
 * An Out that writes down what a machine does, so that a test can call the machine and read its effects like a script.
 *
 * Effects are handed out once: `sent()` and `told()` give what happened since the last time they were asked.
 */

import type { ConnectionId } from '../../src/base/ids.ts'
import type { Message } from '../../src/wire/messages.ts'
import type { Out } from '../../src/wire/out.ts'

/** Records the effects of one machine. */
export class Recorder<Event extends { readonly kind: string }> implements Out<Event> {
  #sent: { to: ConnectionId; message: Message }[] = []
  #told: Event[] = []

  /** Whether a message is taken. What is not taken is not recorded either. */
  hasRoomFor: (message: Message) => boolean = () => true

  readonly send = (to: ConnectionId, message: Message): boolean => {
    if (!this.hasRoomFor(message)) return false
    this.#sent.push({ to, message })
    return true
  }

  readonly tell = (event: Event): void => {
    this.#told.push(event)
  }

  /** What was sent since the last call, with its connection. */
  sentTo(): { to: ConnectionId; message: Message }[] {
    const sent = this.#sent
    this.#sent = []
    return sent
  }

  /** What was sent since the last call. */
  sent(): Message[] {
    return this.sentTo().map(({ message }) => message)
  }

  /** The messages of one kind that were sent since the last call; all others are forgotten. */
  sentOf<K extends Message['kind']>(kind: K): Extract<Message, { kind: K }>[] {
    return this.sent().filter((message): message is Extract<Message, { kind: K }> => message.kind === kind)
  }

  /** What was told since the last call. */
  told(): Event[] {
    const told = this.#told
    this.#told = []
    return told
  }

  /** The kinds of what was told since the last call. */
  toldKinds(): string[] {
    return this.told().map((event) => event.kind)
  }

  /** The events of one kind that were told since the last call; all others are forgotten. */
  toldOf<K extends Event['kind']>(kind: K): Extract<Event, { kind: K }>[] {
    return this.told().filter((event): event is Extract<Event, { kind: K }> => event.kind === kind)
  }
}
