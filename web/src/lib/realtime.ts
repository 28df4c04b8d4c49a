/**
 * One socket to the server, many channels over it.
 *
 * What it promises to the pages:
 * 1. A subscription outlives sockets. After a reconnect it goes on from the last
 *    offset, or starts again from a snapshot where the history no longer reaches.
 * 2. An event of a log channel is handed out at most once, in the order of its offsets.
 * 3. It reconnects by itself as long as the close code allows it, and never faster
 *    than its backoff.
 *
 * ```text
 *            connect          ready
 *  idle ───▶ connecting ───▶ online
 *   ▲            ▲  │           │
 *   │ stop       │  ▼ close     │ close
 *   │            waiting ◀──────┘
 *   └─────────── refused  (4400–4999, or no token any more)
 * ```
 */

import type { AckFrame, ClientFrame, EventFrame, LatestFrame, ServerFrame, Since } from './frames'
import { Problem } from './problem'

export const SUBPROTOCOL = 'baedal.v1.json'

/** First and longest pause between two attempts, in milliseconds. */
const BACKOFF_MS = { first: 500, longest: 15_000 }
/** A connection that lived this long was a good one: the backoff starts anew. */
const STEADY_MS = 5_000
/** How long a request waits for its reply. */
const REPLY_MS = 10_000
/** How long an opened socket may take until it is `ready`. */
const READY_MS = 10_000

export type ConnectionState = 'idle' | 'connecting' | 'online' | 'waiting' | 'refused'

/** What this module needs of a WebSocket. */
export interface Socket {
  onopen: (() => void) | null
  onmessage: ((message: { data: unknown }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  send(text: string): void
  close(code?: number): void
}

/** Callbacks by which a page receives the frames of its channel. */
export interface Listener {
  /** The state as it is now; replaces whatever was known before. */
  snapshot?(data: unknown): void
  /** After a reconnect: what was known still holds, and the events that were missed follow. */
  resumed?(): void
  event?(event: EventFrame): void
  latest?(latest: LatestFrame): void
  /** The server ended the subscription: nothing more comes. */
  ended?(reason: string): void
  refused?(problem: Problem): void
}

export interface RealtimeOptions {
  url: string
  /** A valid access token, another one than `stale`; `null` where nobody is signed in. */
  token(stale?: string): Promise<string | null>
  open?(url: string): Socket
  /** Between 0 and 1; spreads the reconnects of many clients. */
  random?(): number
}

interface Subscription {
  listeners: Set<Listener>
  since?: Since
}

interface Pending {
  resolve(ok: unknown): void
  reject(problem: Problem): void
  timer: ReturnType<typeof setTimeout>
}

type Verdict = 'reconnect' | 'renew' | 'stop'

/** The close code of a frame that was larger than the server takes. */
const FRAME_TOO_LARGE = 4405

/** What a close code asks for (see the table in `realtime/PROTOCOL.md`). */
export function verdict(code: number, reason: string): Verdict {
  if (reason === 'unauthenticated') return 'renew'
  return code >= 4400 && code <= 4999 ? 'stop' : 'reconnect'
}

/** The pause before attempt number `attempt` (from 0): doubling, with equal jitter. */
export function backoffMs(attempt: number, random: number): number {
  const whole = Math.min(BACKOFF_MS.first * 2 ** attempt, BACKOFF_MS.longest)
  return whole / 2 + (whole / 2) * random
}

export class Realtime {
  /** Why the server refused to go on, where `state` is `refused`. */
  refusal = ''
  #state: ConnectionState = 'idle'
  #socket: Socket | null = null
  #token: string | undefined
  #subscriptions = new Map<string, Subscription>()
  #pending = new Map<string, Pending>()
  #watchers = new Set<(state: ConnectionState) => void>()
  #acks = new Set<(ack: AckFrame) => void>()
  #refusals = new Set<(ref: string, problem: Problem) => void>()
  #shrinkers = new Set<() => boolean>()
  #attempt = 0
  #renewed = false
  #nextDelayMs: number | undefined
  #refs = 0
  #heardAt = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #steady: ReturnType<typeof setTimeout> | undefined
  #heartbeat: ReturnType<typeof setInterval> | undefined

  constructor(private readonly options: RealtimeOptions) {}

  get state(): ConnectionState {
    return this.#state
  }

  /** Calls back now and at every change of the connection. */
  watch(watcher: (state: ConnectionState) => void): () => void {
    this.#watchers.add(watcher)
    watcher(this.#state)
    return () => this.#watchers.delete(watcher)
  }

  onAck(listener: (ack: AckFrame) => void): () => void {
    this.#acks.add(listener)
    return () => this.#acks.delete(listener)
  }

  /** Calls `listener` for each frame that was sent without awaiting a reply and that the server refused. */
  onRefusal(listener: (ref: string, problem: Problem) => void): () => void {
    this.#refusals.add(listener)
    return () => this.#refusals.delete(listener)
  }

  /**
   * Asked where the server closed because of a frame's size: who can send smaller ones from now on
   * answers `true`, and the connection comes back. Otherwise the same frame would close it again.
   */
  onTooLarge(shrink: () => boolean): () => void {
    this.#shrinkers.add(shrink)
    return () => this.#shrinkers.delete(shrink)
  }

  /** Connects if the state is `idle` or `refused`; otherwise does nothing. */
  start(): void {
    if (this.#state === 'idle' || this.#state === 'refused') {
      this.#attempt = 0
      void this.#connect()
    }
  }

  /** Leaves, and stays away until `start`. Subscriptions and their offsets are kept. */
  stop(): void {
    this.#leave()
    this.#enter('idle')
  }

  /** The network or the page came back: try at once instead of waiting. */
  wake(): void {
    if (this.#state === 'waiting') void this.#connect()
    else if (this.#state === 'online') this.#write({ op: 'ping' })
  }

  /** Subscribes to a channel until the returned function is called. */
  subscribe(channel: string, listener: Listener): () => void {
    const known = this.#subscriptions.get(channel)
    if (known) {
      known.listeners.add(listener)
      // The second listener has no state yet: all listeners get a new snapshot.
      delete known.since
      this.send({ op: 'unsubscribe', channel })
      this.#ask(channel, known)
    } else {
      const subscription: Subscription = { listeners: new Set([listener]) }
      this.#subscriptions.set(channel, subscription)
      this.#ask(channel, subscription)
    }
    this.start()
    return () => this.#unlisten(channel, listener)
  }

  /** Sends a frame that needs no reply. Returns `false` if there is no connection. */
  send(frame: ClientFrame): boolean {
    if (this.#state !== 'online') return false
    return this.#write(frame)
  }

  /** Sends a frame and waits for its reply. Rejects with a `Problem`. */
  request(frame: ClientFrame): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ref = frame.ref ?? `r${++this.#refs}`
      if (!this.send({ ...frame, ref })) {
        reject(Problem.unreachable())
        return
      }
      const timer = setTimeout(() => {
        this.#pending.delete(ref)
        reject(Problem.unreachable())
      }, REPLY_MS)
      this.#pending.set(ref, { resolve, reject, timer })
    })
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#retry)
    this.#enter('connecting')
    const token = await this.options.token(this.#renewed ? this.#token : undefined).catch(() => undefined)
    if (this.#state !== 'connecting' || this.#socket) return
    if (token === undefined) return this.#wait()
    if (token === null) return this.#refuse('unauthenticated')
    this.#token = token
    const open = this.options.open ?? openWebSocket
    const socket = open(this.options.url)
    this.#socket = socket
    const late = setTimeout(() => this.#lost(socket, 1006, ''), READY_MS)
    socket.onopen = () => this.#write({ op: 'auth', token })
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return
      this.#heardAt = Date.now()
      const frame = parse(data)
      if (frame?.op === 'ready') clearTimeout(late)
      if (frame) this.#hear(frame)
    }
    socket.onclose = ({ code, reason }) => {
      clearTimeout(late)
      this.#lost(socket, code, reason)
    }
  }

  #hear(frame: ServerFrame): void {
    switch (frame.op) {
      case 'ready':
        return this.#ready(frame.heartbeat_secs)
      case 'reply':
        return this.#settle(frame.ref, frame.ok, frame.problem && new Problem(frame.problem))
      case 'snapshot': {
        const subscription = this.#subscriptions.get(frame.channel)
        if (!subscription) return
        subscription.since = { ...subscription.since, epoch: frame.epoch, offset: frame.offset }
        return this.#tell(subscription, (listener) => listener.snapshot?.(frame.data))
      }
      case 'event':
        return this.#event(frame)
      case 'latest': {
        const subscription = this.#subscriptions.get(frame.channel)
        if (subscription?.since) subscription.since.latest_at = frame.at
        return this.#tell(subscription, (listener) => listener.latest?.(frame))
      }
      case 'ended': {
        const subscription = this.#subscriptions.get(frame.channel)
        this.#subscriptions.delete(frame.channel)
        return this.#tell(subscription, (listener) => listener.ended?.(frame.reason))
      }
      case 'ack':
        for (const listener of [...this.#acks]) listener(frame)
        return
      case 'reauth':
        void this.#reauth()
        return
      case 'goodbye':
        this.#nextDelayMs = frame.reconnect_after_ms
        return
      case 'pong':
        return
    }
  }

  #ready(heartbeatSecs: number): void {
    this.#renewed = false
    this.#enter('online')
    this.#steady = setTimeout(() => (this.#attempt = 0), STEADY_MS)
    const everyMs = Math.max(5, heartbeatSecs) * 1000
    const socket = this.#socket
    this.#heartbeat = setInterval(() => {
      // A lost radio link closes no connection: silence is the only sign.
      if (socket && Date.now() - this.#heardAt > 2 * everyMs) this.#lost(socket, 1006, 'silent')
      else this.#write({ op: 'ping' })
    }, everyMs)
    for (const [channel, subscription] of this.#subscriptions) this.#ask(channel, subscription)
  }

  #event(frame: EventFrame): void {
    const subscription = this.#subscriptions.get(frame.channel)
    if (!subscription) return
    if (frame.offset !== undefined) {
      const epoch = frame.epoch ?? subscription.since?.epoch ?? ''
      const since = subscription.since
      if (since && since.epoch === epoch && frame.offset <= since.offset) return
      subscription.since = { ...since, epoch, offset: frame.offset }
    }
    this.#tell(subscription, (listener) => listener.event?.(frame))
  }

  async #reauth(): Promise<void> {
    const socket = this.#socket
    const token = await this.options.token(this.#token).catch(() => undefined)
    if (!token || socket !== this.#socket) return
    this.#token = token
    this.#write({ op: 'auth', token })
  }

  #ask(channel: string, subscription: Subscription): void {
    if (this.#state !== 'online') return
    const frame: ClientFrame = { op: 'subscribe', channel }
    if (subscription.since) frame.since = subscription.since
    const taken = (ok: unknown) => {
      if ((ok as { recovered?: boolean } | null)?.recovered !== true) return
      this.#tell(subscription, (listener) => listener.resumed?.())
    }
    this.request(frame).then(taken, (problem: Problem) => {
      // The next connection subscribes again.
      if (problem.type === 'client.unreachable') return
      if (this.#subscriptions.get(channel) === subscription) this.#subscriptions.delete(channel)
      this.#tell(subscription, (listener) => listener.refused?.(problem))
    })
  }

  #unlisten(channel: string, listener: Listener): void {
    const subscription = this.#subscriptions.get(channel)
    if (!subscription?.listeners.delete(listener) || subscription.listeners.size > 0) return
    this.#subscriptions.delete(channel)
    this.send({ op: 'unsubscribe', channel })
  }

  #tell(subscription: Subscription | undefined, tell: (listener: Listener) => void): void {
    for (const listener of [...(subscription?.listeners ?? [])]) tell(listener)
  }

  #settle(ref: string | undefined, ok: unknown, problem: Problem | undefined): void {
    if (ref === undefined) return
    const pending = this.#pending.get(ref)
    if (!pending) {
      if (problem) for (const listener of [...this.#refusals]) listener(ref, problem)
      return
    }
    this.#pending.delete(ref)
    clearTimeout(pending.timer)
    if (problem) pending.reject(problem)
    else pending.resolve(ok)
  }

  #lost(socket: Socket, code: number, reason: string): void {
    if (socket !== this.#socket) return
    this.#leave()
    const shrunk = code === FRAME_TOO_LARGE && [...this.#shrinkers].some((shrink) => shrink())
    const next = shrunk ? 'reconnect' : verdict(code, reason)
    if (next === 'stop' || (next === 'renew' && this.#renewed)) return this.#refuse(reason)
    if (next === 'renew') {
      // The token was refused: retry once with a new one, without a pause.
      this.#renewed = true
      void this.#connect()
      return
    }
    this.#wait()
  }

  #wait(): void {
    const random = (this.options.random ?? Math.random)()
    const backoff = backoffMs(this.#attempt++, random)
    const delay = this.#nextDelayMs === undefined ? backoff : this.#nextDelayMs + random * 250
    this.#nextDelayMs = undefined
    this.#enter('waiting')
    this.#retry = setTimeout(() => void this.#connect(), delay)
  }

  #refuse(reason: string): void {
    this.refusal = reason
    this.#enter('refused')
  }

  #leave(): void {
    const socket = this.#socket
    this.#socket = null
    clearTimeout(this.#retry)
    clearTimeout(this.#steady)
    clearInterval(this.#heartbeat)
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close(1000)
    }
    for (const ref of [...this.#pending.keys()]) this.#settle(ref, undefined, Problem.unreachable())
  }

  #write(frame: ClientFrame): boolean {
    if (!this.#socket) return false
    this.#socket.send(JSON.stringify(frame))
    return true
  }

  #enter(state: ConnectionState): void {
    if (state === this.#state) return
    this.#state = state
    for (const watcher of [...this.#watchers]) watcher(state)
  }
}

function openWebSocket(url: string): Socket {
  return new WebSocket(url, [SUBPROTOCOL]) as unknown as Socket
}

function parse(data: unknown): ServerFrame | null {
  try {
    return JSON.parse(String(data)) as ServerFrame
  } catch {
    return null
  }
}
