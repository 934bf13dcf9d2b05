/**
 * The side of NATS: a nats-server of our own, and its Node.js client at both ends. Requests use the client's one inbox for
 * all replies (its default); a broadcast is one request to a subject that all servers listen to, ended by the count of replies.
 * `noAsyncTraces` is the client's documented way to spend nothing on stack traces.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { bodyOf, ReplyCheck, sendAhead } from './loop.ts'
import type { Scenario } from './scenarios.ts'
import type { Client, Places, Server } from './sides.ts'
import type { Times } from './tally.ts'

const TIMEOUT_MS = 10_000

/** Starts nats-server, which ends with this process at the latest. Gives the way to end it before. */
export async function startNatsBroker({ meeting }: Places): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-bench-nats-'))
  const path = join(folder, 'nats.conf')
  // The default of max_payload is 1 MB and its maximum 64 MB; max_pending, 64 MB, has to hold more than one.
  writeFileSync(path, 'max_payload: 64MB\nmax_pending: 256MB\n')
  const [host = '', port = ''] = meeting.split(':')
  const server = spawn('nats-server', ['-a', host, '-p', port, '-c', path], { stdio: 'ignore' })
  process.on('exit', () => {
    server.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const ended = endOf(server)
  const isUp = open(meeting).then((connection) => connection.close())
  await Promise.race([isUp, ended])
  ended.catch(() => process.exit(1))
  return async () => {
    server.kill('SIGTERM')
    await ended
  }
}

function endOf(server: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`nats-server ended with ${code}`)))
  })
}

function open(meeting: string): Promise<NatsConnection> {
  // The server may still be starting: try for a few seconds.
  return connect({
    servers: meeting,
    waitOnFirstConnect: true,
    maxReconnectAttempts: 100,
    reconnectTimeWait: 100,
    noAsyncTraces: true,
  })
}

export async function startNatsServer({ meeting }: Places): Promise<Server> {
  const connection = await open(meeting)
  let arrived = 0
  connection.subscribe('echo', {
    callback: (_, message) => {
      message.respond(message.data)
    },
  })
  connection.subscribe('length', {
    callback: (_, message) => {
      message.respond(String(message.data.length))
    },
  })
  connection.subscribe('sink', {
    callback: () => {
      arrived += 1
    },
  })
  await connection.flush()
  return {
    get arrived() {
      return arrived
    },
  }
}

export async function startNatsClient({ meeting, servers }: Places): Promise<Client> {
  const connection = await open(meeting)
  return {
    operation: (scenario: Scenario) => operationOf(connection, servers.length, scenario),
    run: ({ kind, bodyBytes, inFlight }: Scenario, times: Times) => {
      if (kind !== 'oneway') return undefined
      const body = bodyOf(bodyBytes)
      return sendAhead(
        () => connection.publish('sink', body),
        () => connection.flush(),
        inFlight,
        times,
      )
    },
  }
}

function operationOf(connection: NatsConnection, servers: number, scenario: Scenario): () => Promise<void> {
  const { kind, bodyBytes } = scenario
  const body = bodyOf(bodyBytes)
  const check = new ReplyCheck(body)
  switch (kind) {
    case 'echo':
      return async () => check.check((await connection.request('echo', body, { timeout: TIMEOUT_MS })).data)
    case 'upload':
      return async () => {
        const reply = await connection.request('length', body, { timeout: TIMEOUT_MS })
        if (Number(reply.string()) !== bodyBytes)
          throw new Error(`${reply.string()} of ${bodyBytes} bytes arrived`)
      }
    case 'broadcast':
      return async () => {
        const options = { strategy: 'count', maxMessages: servers, maxWait: TIMEOUT_MS } as const
        let acked = 0
        for await (const reply of await connection.requestMany('echo', body, options)) {
          check.check(reply.data)
          acked += 1
        }
        if (acked !== servers) throw new Error(`${acked} of ${servers} acked`)
      }
    case 'oneway':
      throw new Error('There is nothing to await')
  }
}
