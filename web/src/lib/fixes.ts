/**
 * The courier's fixes on their way to the server.
 *
 * 1. A fix is kept, also over a restart of the page, until the server acknowledges
 *    its `seq`: the acknowledgement means that it is stored.
 * 2. Sequence numbers of the phone only rise, and a track is a range of them: whatever is
 *    kept says by its number to which track it belongs. Where the store was lost, a new
 *    track begins.
 * 3. After a gap the present comes first: what gathered meanwhile stays on its track, and the
 *    newest fix and all that follow go out on a new one, beside it and at once.
 * 4. One batch of a track is under way at a time; after a reconnect it is sent again, which
 *    the server recognises by track and seq. A batch that a connection did not outlive is
 *    halved, so that no frame can keep a courier out for good.
 */

import type { AckFrame, ClientFrame, Fix } from './frames'

/** Most fixes in one frame; the server's limit. */
export const BATCH = 500
/**
 * Most bytes in one frame, far below the server's limit (128 KiB; 64 KiB before): where the
 * radio is slow, the present waits for one such frame of the past, and for no longer one.
 */
export const FRAME_BYTES = 32 * 1024
/** No frame is made smaller than this, which holds a dozen fixes. */
const LEAST_BYTES = 2 * 1024
/** What a frame holds beside its fixes. */
const ENVELOPE_BYTES = 128
/** The phone keeps at most this many (nearly six hours at one a second); the oldest go first. */
export const KEPT = 20_000
/** Fixes that wait longer than this while there is no connection are of the past. */
export const GAP_MS = 10_000
/** Fixes of the past that are sent in a second; the server's rate for them. */
const PAST_PER_SEC = 200
/** A batch without an answer is sent again after this many milliseconds. */
const ACK_MS = 10_000

/** A range of the phone's sequence numbers; it ends where the next one begins. */
export interface Range {
  track: number
  from: number
}

/** What is remembered over a restart of the page. */
export interface Memory {
  /** In ascending order; the last one is the current track. */
  ranges: Range[]
  nextSeq: number
  fixes: Fix[]
}

export interface FixStore {
  load(): Promise<Memory | null>
  /** Stores the ranges of all kept fixes; the last one is the current track. */
  begin(ranges: Range[]): Promise<void>
  put(fix: Fix): Promise<void>
  /** Deletes the fixes from `from` up to and including `seq`. */
  drop(from: number, seq: number): Promise<void>
}

/** The unacknowledged fixes of one track. */
interface Lane extends Range {
  fixes: Fix[]
  /** The last seq of the batch in flight; 0 if there is none. */
  underWay: number
  /** The highest seq that may have reached the server. */
  sent: number
  timer: ReturnType<typeof setTimeout> | undefined
  /** Nothing is sent until `timer` fires, because of the server's request or the rate limit. */
  resting: boolean
}

export class FixOutbox {
  #nextSeq: number
  #lanes: Lane[]
  /** The current limit of a frame's bytes, and its maximum, which the server has not refused. */
  #bytes = FRAME_BYTES
  #most = FRAME_BYTES

  private constructor(
    private readonly store: FixStore,
    memory: Memory,
    private readonly newTrack: () => number,
    private readonly send: (frame: ClientFrame) => boolean,
  ) {
    this.#nextSeq = memory.nextSeq
    const lanes = memory.ranges.map((range, index) => {
      const end = memory.ranges[index + 1]?.from ?? Infinity
      const fixes = memory.fixes.filter((fix) => fix.seq >= range.from && fix.seq < end)
      // Which fixes an earlier page sent is unknown: all of them may have arrived.
      return lane(range, fixes, memory.nextSeq - 1)
    })
    this.#lanes = lanes.filter((one, index) => one.fixes.length > 0 || index === lanes.length - 1)
  }

  static async open(
    store: FixStore,
    newTrack: () => number,
    send: (frame: ClientFrame) => boolean,
  ): Promise<FixOutbox> {
    let memory = await store.load()
    if (!memory) {
      memory = { ranges: [{ track: newTrack(), from: 1 }], nextSeq: 1, fixes: [] }
      await store.begin(memory.ranges)
    }
    return new FixOutbox(store, memory, newTrack, send)
  }

  /** The track of new fixes. */
  get track(): number {
    return this.#present.track
  }

  /** The number of unacknowledged fixes. */
  get waiting(): number {
    return this.#lanes.reduce((sum, { fixes }) => sum + fixes.length, 0)
  }

  /** Stores a measured position and sends it as soon as possible. */
  async add(measured: Omit<Fix, 'seq'>): Promise<void> {
    const fix: Fix = { seq: this.#nextSeq++, ...measured }
    this.#present.fixes.push(fix)
    if (this.waiting > KEPT) await this.#dropOldest()
    await this.store.put(fix)
    this.flush()
  }

  /** Sends what may be sent: from the current track, then from the oldest past one. */
  flush(): void {
    const past = this.#lanes.find((one) => one !== this.#present && one.fixes.length > 0)
    for (const one of past ? [this.#present, past] : [this.#present]) this.#sendOf(one)
  }

  /** Sends all unacknowledged fixes again after a reconnect, the current track first. */
  async again(): Promise<void> {
    if (this.#lanes.some((one) => one.underWay > 0)) this.#bytes = halved(this.#bytes)
    for (const one of this.#lanes) rest(one)
    if (this.#late) await this.#beginTrack()
    this.flush()
  }

  /** Halves the frames after the server closed because of a frame's size. False if it cannot. */
  tooLarge(): boolean {
    if (!this.#lanes.some((one) => one.underWay > 0) || this.#bytes <= LEAST_BYTES) return false
    this.#most = this.#bytes = halved(this.#bytes)
    // Otherwise `again` would halve the frames once more for the same loss.
    for (const one of this.#lanes) rest(one)
    return true
  }

  /** Sends a track's fixes again, after the server refused a frame and asked for this pause. */
  refused(ref: string, retryAfterSecs = ACK_MS / 1000): void {
    const one = this.#lanes.find((lane) => refOf(lane) === ref)
    if (!one) return
    rest(one)
    this.#pause(one, retryAfterSecs * 1000)
  }

  async acknowledged(ack: AckFrame): Promise<void> {
    const one = this.#lanes.find((lane) => lane.track === ack.track)
    if (!one) return
    const last = Math.min(ack.seq, this.#lastOf(one))
    if (last < one.from) return
    one.fixes = one.fixes.filter((fix) => fix.seq > last)
    if (one.underWay > 0 && last >= one.underWay) {
      // A past batch's pause for its rate goes on after its acknowledgement.
      if (!one.resting) clearTimeout(one.timer)
      one.underWay = 0
      this.#bytes = Math.min(2 * this.#bytes, this.#most)
    }
    if (one !== this.#present && one.fixes.length === 0) {
      rest(one)
      this.#lanes = this.#lanes.filter((other) => other !== one)
    }
    await this.store.drop(one.from, last)
    this.flush()
  }

  close(): void {
    for (const one of this.#lanes) clearTimeout(one.timer)
  }

  get #present(): Lane {
    return this.#lanes.at(-1) as Lane
  }

  /** Whether the present track holds what is of the past by now. */
  get #late(): boolean {
    const oldest = this.#present.fixes[0]
    return oldest !== undefined && Date.now() - Date.parse(oldest.at) > GAP_MS
  }

  #lastOf(one: Lane): number {
    return (this.#lanes[this.#lanes.indexOf(one) + 1]?.from ?? Infinity) - 1
  }

  #sendOf(one: Lane): void {
    if (one.underWay > 0 || one.resting) return
    const batch = fitting(one.fixes, this.#bytes)
    const last = batch.at(-1)
    if (!last || !this.send({ op: 'fixes', ref: refOf(one), track: one.track, fixes: batch })) return
    one.underWay = last.seq
    one.sent = Math.max(one.sent, last.seq)
    clearTimeout(one.timer)
    if (one === this.#present) one.timer = setTimeout(() => void this.#goOn(one), ACK_MS)
    else this.#pause(one, (batch.length / PAST_PER_SEC) * 1000)
  }

  /** Nothing of the track is sent for a while; then the next batch, or the unanswered one again. */
  #pause(one: Lane, ms: number): void {
    one.resting = true
    one.timer = setTimeout(() => {
      one.resting = false
      if (one.underWay === 0) void this.#goOn(one)
      else one.timer = setTimeout(() => void this.#goOn(one), ACK_MS)
    }, ms)
  }

  /** Sends the track's batch, or the one that nobody answered; the present waits for no backlog. */
  async #goOn(one: Lane): Promise<void> {
    rest(one)
    const { fixes } = this.#present
    if (this.#late && fitting(fixes, this.#bytes).length < fixes.length) await this.#beginTrack()
    this.flush()
  }

  /** The past keeps its track; the newest fix opens the new one, unless it may have arrived. */
  async #beginTrack(): Promise<void> {
    const past = this.#present
    const newest = past.fixes.at(-1)
    const moved = newest && newest.seq > past.sent ? past.fixes.pop() : undefined
    const present = lane({ track: this.newTrack(), from: moved?.seq ?? this.#nextSeq }, moved ? [moved] : [], 0)
    this.#lanes = [...this.#lanes.filter((one) => one.fixes.length > 0), present]
    await this.store.begin(this.#lanes.map(({ track, from }) => ({ track, from })))
  }

  async #dropOldest(): Promise<void> {
    const oldest = this.#lanes.find((one) => one.fixes.length > 0)
    const dropped = oldest?.fixes.shift()
    if (oldest && dropped) await this.store.drop(oldest.from, dropped.seq)
  }
}

function lane(range: Range, fixes: Fix[], sent: number): Lane {
  return { track: range.track, from: range.from, fixes, underWay: 0, sent, timer: undefined, resting: false }
}

/** Resets a lane: no batch is under way, and no timer runs. */
function rest(one: Lane): void {
  clearTimeout(one.timer)
  one.underWay = 0
  one.resting = false
}

/** By which a refusal names the track whose frame it means. */
function refOf(one: Lane): string {
  return `fixes-${one.track}`
}

function halved(bytes: number): number {
  return Math.max(LEAST_BYTES, Math.floor(bytes / 2))
}

/** As many of the oldest as a frame of so many bytes holds; one at least. */
function fitting(fixes: Fix[], bytes: number): Fix[] {
  let left = bytes - ENVELOPE_BYTES
  const batch: Fix[] = []
  for (const fix of fixes.slice(0, BATCH)) {
    // Numbers and times alone: a character is a byte.
    left -= JSON.stringify(fix).length + 1
    if (left < 0 && batch.length > 0) break
    batch.push(fix)
  }
  return batch
}

/** A random track id; below 2^31 so that every client and column can hold it. */
export function newTrack(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 1) >>> 1
}

/** The store in the browser's IndexedDB; one database per courier. */
export function indexedDbStore(courierId: string): FixStore {
  const opening = new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`baedal.fixes.${courierId}`, 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('fixes', { keyPath: 'seq' })
      request.result.createObjectStore('track')
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'))
  })
  const run = async <T>(work: (fixes: IDBObjectStore, track: IDBObjectStore) => T): Promise<T> => {
    const transaction = (await opening).transaction(['fixes', 'track'], 'readwrite')
    const result = work(transaction.objectStore('fixes'), transaction.objectStore('track'))
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(result)
      transaction.onerror = transaction.onabort = () =>
        reject(transaction.error ?? new Error('IndexedDB'))
    })
  }
  return {
    async load() {
      const [track, ranges, nextSeq, fixes] = await run((fixes, track) => [
        track.get('id') as IDBRequest<number | undefined>,
        track.get('ranges') as IDBRequest<Range[] | undefined>,
        track.get('next_seq') as IDBRequest<number | undefined>,
        fixes.getAll() as IDBRequest<Fix[]>,
      ] as const)
      if (track.result === undefined) return null
      // A page of before knew one track alone, which `id` names.
      const known = ranges.result ?? [{ track: track.result, from: 0 }]
      return { ranges: known, nextSeq: nextSeq.result ?? 1, fixes: fixes.result }
    },
    async begin(ranges) {
      await run((_, track) => {
        track.put(ranges.at(-1)?.track, 'id')
        track.put(ranges, 'ranges')
      })
    },
    async put(fix) {
      await run((fixes, track) => {
        fixes.put(fix)
        track.put(fix.seq + 1, 'next_seq')
      })
    },
    async drop(from, seq) {
      await run((fixes) => fixes.delete(IDBKeyRange.bound(from, seq)))
    },
  }
}
