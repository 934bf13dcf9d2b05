/**
 * The sides of gRPC (@grpc/grpc-js): unary calls, and one bidirectional stream whose replies are matched by their order. The
 * bodies are the messages themselves: serializers that pass a Buffer as it is take the place of a proto file, so that nothing
 * is spent on a codec.
 */

import {
  type ClientDuplexStream,
  type ClientWritableStream,
  credentials,
  Server as GrpcServer,
  makeGenericClientConstructor,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { bodyOf, ReplyCheck } from './loop.ts'
import type { Scenario } from './scenarios.ts'
import type { Client, Places, Server, SideName } from './sides.ts'
import { type Ran, Tally, type Times } from './tally.ts'

/** Without these, messages above 4 MiB are refused. */
const UNLIMITED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }

const asIs = (body: Buffer): Buffer => body

function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/bench.Bench/${name}`,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  }
}

const SERVICE = {
  echo: method('Echo', false, false),
  length: method('Length', false, false),
  stream: method('Stream', true, true),
  sink: method('Sink', true, false),
}

type Unary = (body: Buffer, done: (error: ServiceError | null, reply?: Buffer) => void) => void

/** The client as makeGenericClientConstructor builds it. */
interface Stub {
  readonly echo: Unary
  readonly length: Unary
  stream(): ClientDuplexStream<Buffer, Buffer>
  sink(done: (error: ServiceError | null) => void): ClientWritableStream<Buffer>
}

type Call = ServerUnaryCall<Buffer, Buffer>

export async function startGrpcServer(places: Places, index: number): Promise<Server> {
  let arrived = 0
  const server = new GrpcServer(UNLIMITED)
  server.addService(SERVICE, {
    echo: ({ request }: Call, done: sendUnaryData<Buffer>) => done(null, request),
    length: ({ request }: Call, done: sendUnaryData<Buffer>) => done(null, Buffer.from(`${request.length}`)),
    stream: (call: ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (body: Buffer) => call.write(body))
      call.on('end', () => call.end())
    },
    sink: (call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
      call.on('data', () => {
        arrived += 1
      })
      call.on('end', () => done(null, Buffer.alloc(0)))
    },
  })
  await new Promise<void>((resolve, reject) => {
    const address = places.servers[index]?.address ?? ''
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    )
  })
  return {
    get arrived() {
      return arrived
    },
  }
}

export function startGrpcClient(places: Places): Client {
  const Constructor = makeGenericClientConstructor(SERVICE, 'Bench')
  const address = places.servers[0]?.address ?? ''
  const stub = new Constructor(address, credentials.createInsecure(), UNLIMITED) as unknown as Stub
  let stream: EchoStream | undefined
  return {
    operation: ({ kind, bodyBytes }: Scenario, side: SideName) => {
      const body = bodyOf(bodyBytes)
      const check = new ReplyCheck(body)
      if (kind === 'upload') return () => upload(stub, body)
      if (kind !== 'echo') throw new Error(`gRPC has no ${kind} here`)
      if (side === 'grpc-unary') {
        return async () => check.check(await unary(stub.echo.bind(stub), body))
      }
      stream ??= new EchoStream(stub.stream())
      const { request } = stream
      return async () => check.check(await request(body))
    },
    run: (scenario: Scenario, times: Times) => {
      return scenario.kind === 'oneway' ? writeAll(stub, scenario, times) : undefined
    },
  }
}

function unary(call: Unary, body: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) =>
    call(body, (error, reply) => (error ? reject(error) : resolve(reply))),
  )
}

async function upload(stub: Stub, body: Buffer): Promise<void> {
  const length = Number(await unary(stub.length.bind(stub), body))
  if (length !== body.length) throw new Error(`${length} of ${body.length} bytes arrived`)
}

/** One stream for all requests. Its first failure is the answer to all that wait. */
class EchoStream {
  readonly #call: ClientDuplexStream<Buffer, Buffer>
  #waiting: { readonly resolve: (reply: Buffer) => void; readonly reject: (error: Error) => void }[] = []
  #head = 0

  constructor(call: ClientDuplexStream<Buffer, Buffer>) {
    this.#call = call
    call.on('data', (reply: Buffer) => this.#next(reply))
    call.on('error', (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error)
      this.#head = 0
    })
  }

  readonly request = (body: Buffer): Promise<Buffer> => {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#call.write(body)
    })
  }

  #next(reply: Buffer): void {
    this.#waiting[this.#head]?.resolve(reply)
    this.#head += 1
    if (this.#head < 4096) return
    this.#waiting = this.#waiting.slice(this.#head)
    this.#head = 0
  }
}

/** Messages on a client stream, as fast as it takes them; it says itself when to wait. */
async function writeAll(stub: Stub, { bodyBytes, inFlight }: Scenario, times: Times): Promise<Ran> {
  const body = bodyOf(bodyBytes)
  const tally = new Tally(times, inFlight)
  let call: ClientWritableStream<Buffer> | undefined
  const ended = new Promise<void>((resolve, reject) => {
    call = stub.sink((error) => (error ? reject(error) : resolve()))
  })
  const writing = async (): Promise<void> => {
    while (tally.ended()) {
      if (call?.write(body) === false) await new Promise((resolve) => call?.once('drain', resolve))
    }
    call?.end()
  }
  await Promise.all([writing(), ended])
  return tally.ran
}
