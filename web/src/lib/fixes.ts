/**
 * The courier's fixes on their way to the server.
 *
 * 1. A fix is kept, also over a restart of the page, until the server acknowledges
 *    its `seq`: the acknowledgement means that it is stored.
 * 2. Sequence numbers of a track only rise. Where the store was lost, a new track begins.
 * 3. One batch is under way at a time; after a reconnect it is sent again, which the
 *    server recognises by track and seq.
 */

import type { AckFrame, ClientFrame, Fix } from './frames'

/** Most fixes in one frame; the server's limit. */
export const BATCH = 500
/** The phone keeps at most this many (nearly six hours at one a second); the oldest go first. */
export const KEPT = 20_000
/** A batch without an answer is sent again after this many milliseconds. */
const ACK_MS = 10_000

/** What is remembered over a restart of the page. */
export interface Memory {
  track: number
  nextSeq: number
  fixes: Fix[]
}

export interface FixStore {
  load(): Promise<Memory | null>
  begin(track: number): Promise<void>
  put(fix: Fix): Promise<void>
  /** Forgets everything up to and including `seq`. */
  dropThrough(seq: number): Promise<void>
}

export class FixOutbox {
  readonly track: number
  #nextSeq: number
  #fixes: Fix[]
  /** The last seq of the batch under way; 0 where none is. */
  #underWay = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  private constructor(
    private readonly store: FixStore,
    memory: Memory,
    private readonly send: (frame: ClientFrame) => boolean,
  ) {
    this.track = memory.track
    this.#nextSeq = memory.nextSeq
    this.#fixes = memory.fixes
  }

  static async open(
    store: FixStore,
    newTrack: () => number,
    send: (frame: ClientFrame) => boolean,
  ): Promise<FixOutbox> {
    let memory = await store.load()
    if (!memory) {
      memory = { track: newTrack(), nextSeq: 1, fixes: [] }
      await store.begin(memory.track)
    }
    return new FixOutbox(store, memory, send)
  }

  /** How many fixes wait for their acknowledgement. */
  get waiting(): number {
    return this.#fixes.length
  }

  /** Keeps a measured position and sends it as soon as that is possible. */
  async add(measured: Omit<Fix, 'seq'>): Promise<void> {
    const fix: Fix = { seq: this.#nextSeq++, ...measured }
    this.#fixes.push(fix)
    if (this.#fixes.length > KEPT) {
      const dropped = this.#fixes.shift()
      if (dropped) await this.store.dropThrough(dropped.seq)
    }
    await this.store.put(fix)
    this.flush()
  }

  /** Sends the next batch, unless one is under way. */
  flush(): void {
    if (this.#underWay > 0) return
    const batch = this.#fixes.slice(0, BATCH)
    const last = batch.at(-1)
    if (!last || !this.send({ op: 'fixes', track: this.track, fixes: batch })) return
    this.#underWay = last.seq
    this.#timer = setTimeout(() => this.again(), ACK_MS)
  }

  /** After a reconnect: whatever is not acknowledged goes out again. */
  again(): void {
    clearTimeout(this.#timer)
    this.#underWay = 0
    this.flush()
  }

  async acknowledged(ack: AckFrame): Promise<void> {
    if (ack.track !== this.track) return
    this.#fixes = this.#fixes.filter((fix) => fix.seq > ack.seq)
    if (ack.seq >= this.#underWay) {
      clearTimeout(this.#timer)
      this.#underWay = 0
    }
    await this.store.dropThrough(ack.seq)
    this.flush()
  }

  close(): void {
    clearTimeout(this.#timer)
  }
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
      const [track, nextSeq, fixes] = await run((fixes, track) => [
        track.get('id') as IDBRequest<number | undefined>,
        track.get('next_seq') as IDBRequest<number | undefined>,
        fixes.getAll() as IDBRequest<Fix[]>,
      ] as const)
      if (track.result === undefined) return null
      return { track: track.result, nextSeq: nextSeq.result ?? 1, fixes: fixes.result }
    },
    async begin(id) {
      await run((_, track) => track.put(id, 'id'))
    },
    async put(fix) {
      await run((fixes, track) => {
        fixes.put(fix)
        track.put(fix.seq + 1, 'next_seq')
      })
    },
    async dropThrough(seq) {
      await run((fixes) => fixes.delete(IDBKeyRange.upperBound(seq)))
    },
  }
}
