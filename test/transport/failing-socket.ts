/**
 * A socket of zeromq.js whose methods do what a test says in place of their own work. Such sockets are sealed, and so is
 * what they inherit from; hence somebody stands in front of them.
 */

/** What to do by the name of the method, for as long as it stands here. */
export type Failures = Map<string | symbol, () => unknown>

export function failing<T extends object>(socket: T, failures: Failures): T {
  return new Proxy(socket, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => failures.get(name)?.() ?? value.apply(target, args)
    },
  })
}

/** An error as zeromq.js has them. */
export function errorWith(code: string): Error {
  return Object.assign(new Error(`no ${code}`), { code })
}

/** Throws one of those. */
export function thrower(code: string): () => never {
  return () => {
    throw errorWith(code)
  }
}
