/**
 * A small network of its own: a namespace for each host, joined by a router in another one, where packets can be
 * dropped in one direction. It needs Linux, root and the command `ip`; who cannot have it is told why. Whatever way this
 * process ends, its namespaces go with it.
 *
 * Packets are dropped by routing rules of the router (`ip rule ... blackhole`), not by a firewall, which many machines
 * lack: the sender sees nothing of it, as with a cut cable.
 */

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** All names begin so, and go on with the process that made them. */
const PREFIX = 'zmqnet'
/** Hosts of one network: their number is a byte of their address. */
const MAX_HOSTS = 200

/** Networks of this process that are still there. */
const open = new Set<Namespaces>()
let count = 0
let why: { readonly text: string | undefined } | undefined

process.on('exit', () => {
  for (const network of open) network.end()
})

/** What is dropped: all packets from a host, all to a host, both at once, or only those of one dialled port. */
export interface Cut {
  readonly from?: string
  readonly to?: string
  readonly toPort?: number
}

export class Namespaces {
  readonly #prefix: string
  readonly #hosts: ReadonlyMap<string, string>

  private constructor(prefix: string, names: readonly string[]) {
    this.#prefix = prefix
    this.#hosts = new Map(names.map((name, index) => [name, `10.77.${index + 1}.2`]))
  }

  /** Why there can be no such network here, in words; undefined when there can. */
  static obstacle(): string | undefined {
    why ??= { text: findObstacle() }
    return why.text
  }

  /** Throws when it cannot be made. */
  static open(names: readonly string[]): Namespaces {
    if (names.length > MAX_HOSTS) throw new Error(`A network has at most ${MAX_HOSTS} hosts`)
    removeOrphans()
    count += 1
    const network = new Namespaces(`${PREFIX}-${process.pid}-${count}`, names)
    open.add(network)
    try {
      network.#make()
    } catch (error) {
      network.end()
      throw error
    }
    return network
  }

  addressOf(name: string): string {
    const address = this.#hosts.get(name)
    if (address === undefined) throw new Error(`No host is called ${name}`)
    return address
  }

  /** What stands before a command that is to run on this host. */
  prefixOf(name: string): readonly string[] {
    return ['ip', 'netns', 'exec', this.#space(name)]
  }

  /** Drops packets from now on. */
  cut(...cuts: readonly Cut[]): void {
    this.#rules('add', cuts)
  }

  /** Takes the same cuts away. */
  mend(...cuts: readonly Cut[]): void {
    this.#rules('del', cuts)
  }

  end(): void {
    if (!open.delete(this)) return
    for (const name of ['router', ...this.#hosts.keys()]) spawnSync('ip', ['netns', 'del', this.#space(name)])
  }

  #make(): void {
    const spaces = ['router', ...this.#hosts.keys()].map((name) => this.#space(name))
    batch(
      [],
      spaces.map((space) => `netns add ${space}`),
    )
    const router = this.#space('router')
    const forward = 'echo 1 > /proc/sys/net/ipv4/ip_forward'
    run('ip', ['netns', 'exec', router, 'sh', '-c', forward])
    const ports = [...this.#hosts.keys()].flatMap((name, index) => [
      `link add p${index + 1} type veth peer name eth0 netns ${this.#space(name)}`,
      `addr add 10.77.${index + 1}.1/24 dev p${index + 1}`,
      `link set p${index + 1} up`,
    ])
    batch(['-n', router], ports)
    for (const [index, name] of [...this.#hosts.keys()].entries()) {
      batch(
        ['-n', this.#space(name)],
        [
          'link set lo up',
          `addr add 10.77.${index + 1}.2/24 dev eth0`,
          'link set eth0 up',
          `route add default via 10.77.${index + 1}.1`,
        ],
      )
    }
  }

  #rules(verb: 'add' | 'del', cuts: readonly Cut[]): void {
    const rules = cuts.map(({ from, to, toPort }) => {
      const parts = [`rule ${verb}`]
      if (from !== undefined) parts.push(`from ${this.addressOf(from)}`)
      if (to !== undefined) parts.push(`to ${this.addressOf(to)}`)
      if (toPort !== undefined) parts.push(`ipproto tcp dport ${toPort}`)
      return `${parts.join(' ')} blackhole`
    })
    batch(['-n', this.#space('router')], rules)
  }

  #space(name: string): string {
    return `${this.#prefix}-${name}`
  }
}

function findObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a matter of Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  try {
    // The smallest network that has everything in it.
    const trial = Namespaces.open(['one'])
    try {
      trial.cut({ from: 'one', to: 'one', toPort: 1 })
    } finally {
      trial.end()
    }
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Takes away what a process left that was killed before it could. */
function removeOrphans(): void {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' })
  for (const [name, pid] of (stdout ?? '').matchAll(new RegExp(`^${PREFIX}-(\\d+)-\\d+-\\S+`, 'gm'))) {
    if (!isRunning(Number(pid))) spawnSync('ip', ['netns', 'del', name])
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Many commands of `ip` in one process. */
function batch(options: readonly string[], lines: readonly string[]): void {
  const path = join(tmpdir(), `${PREFIX}-${process.pid}-${count}.ip`)
  writeFileSync(path, `${lines.join('\n')}\n`)
  try {
    run('ip', [...options, '-batch', path])
  } finally {
    rmSync(path, { force: true })
  }
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, [...args], { encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`)
}
