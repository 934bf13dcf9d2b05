/**
 * A node as the users of a simulation get it: the real one, with a line in the trace for each run of a handler and for
 * each event. The node itself does not know that it is watched, and nothing of its timing changes.
 */

import type { BodyValue, Handler, HandlerContext, Logger, Node } from '../node/api.ts'

/** Adds a line to the trace, at the present time and under the node's name. */
export type Note = (what: string) => void

/** The node, with handlers that leave a note. */
export function observedNode(node: Node, note: Note): Node {
  const handle = (verb: string, handler: Handler): void => node.handle(verb, observedHandler(handler, note))
  return new Proxy(node, {
    get(target, key) {
      if (key === 'handle') return handle
      // Methods run on the node itself: its private fields are not to be found on a proxy.
      const value = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Notes the events of a node until it closes. */
export async function followEvents(node: Node, note: Note): Promise<void> {
  for await (const { kind, ...details } of node.events()) {
    const words = Object.entries(details).map(([key, value]) => `${key}=${value}`)
    note(`event ${kind} ${words.join(' ')}`)
  }
}

/** A logger whose lines are notes. Debug lines are left out: the trace itself tells more. */
export function notingLogger(note: Note, onError: (message: string) => void): Logger {
  return {
    debug: () => {},
    info: (message) => note(`log info: ${message}`),
    warn: (message) => note(`log warn: ${message}`),
    error: (message) => {
      note(`log error: ${message}`)
      onError(message)
    },
  }
}

function observedHandler(handler: Handler, note: Note): Handler {
  return (body: BodyValue, context: HandlerContext) => {
    const what = `${context.kind} ${context.verb} from ${context.from}`
    note(`handler runs: ${what} attempt ${context.attempt}`)
    try {
      const result = handler(body, context)
      if (result instanceof Promise) {
        result.then(
          () => note(`handler done: ${what}`),
          () => note(`handler failed: ${what}`),
        )
      } else {
        note(`handler done: ${what}`)
      }
      return result
    } catch (error) {
      note(`handler failed: ${what}`)
      throw error
    }
  }
}
