import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BATCH, FixOutbox, type FixStore, FRAME_BYTES, KEPT, type Memory } from './fixes'
import type { ClientFrame, Fix } from './frames'

/** What a phone's storage keeps when the page is closed. */
function phone(): FixStore & { memory: Memory | null } {
  return {
    memory: null,
    load() {
      return Promise.resolve(this.memory && structuredClone(this.memory))
    },
    begin(ranges) {
      this.memory = { nextSeq: 1, fixes: [], ...this.memory, ranges }
      return Promise.resolve()
    },
    put(fix) {
      this.memory?.fixes.push(fix)
      if (this.memory) this.memory.nextSeq = fix.seq + 1
      return Promise.resolve()
    },
    drop(from, seq) {
      const { memory } = this
      if (memory) memory.fixes = memory.fixes.filter((fix) => fix.seq < from || fix.seq > seq)
      return Promise.resolve()
    },
  }
}

const NOW = Date.parse('2026-01-01T00:00:00Z')
const FIX: Omit<Fix, 'seq'> = { at: '2026-01-01T00:00:00Z', lat: 37.5, lon: 127 }

/** As a phone measures it, `secondsAgo`: about 160 bytes. */
function measured(secondsAgo: number): Omit<Fix, 'seq'> {
  return {
    at: new Date(NOW - secondsAgo * 1000).toISOString(),
    lat: 37.49794123456789 + secondsAgo / 1e6,
    lon: 127.02758123456789,
    accuracy_m: 6.230000019073486,
    speed_mps: 7.210000038146973,
    heading_deg: 143.4600067138672,
  }
}

type FixesFrame = Extract<ClientFrame, { op: 'fixes' }>

function seqs(frame: ClientFrame | undefined): number[] {
  return frame?.op === 'fixes' ? frame.fixes.map((fix) => fix.seq) : []
}

describe('the outbox of fixes', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  async function outbox(store: FixStore = phone()) {
    const sent: ClientFrame[] = []
    const link = { up: true }
    let track = 40
    const box = await FixOutbox.open(
      store,
      () => ++track,
      (frame) => {
        if (link.up) sent.push(frame)
        return link.up
      },
    )
    return { box, sent, link }
  }

  /** An outbox that measured every second while there was no connection. */
  async function afterGap(count: number, store: FixStore = phone()) {
    const all = await outbox(store)
    all.link.up = false
    for (let ago = count; ago > 0; ago--) await all.box.add(measured(ago))
    all.link.up = true
    return all
  }

  /** A server that acknowledges at once what is at most so large, and closes after what is larger. */
  async function serve({ box, sent }: Awaited<ReturnType<typeof outbox>>, most: number, untilMs: number) {
    const kept: FixesFrame[] = []
    let closed = 0
    const start = Date.now()
    for (let seen = 0; box.waiting > 0 && Date.now() - start < untilMs; ) {
      const frame = sent[seen++] as FixesFrame | undefined
      if (!frame) {
        seen--
        await vi.advanceTimersByTimeAsync(100)
      } else if (JSON.stringify(frame).length > most) {
        closed++
        if (!box.tooLarge()) return { kept, closed, locked: true, tookMs: Date.now() - start }
        await box.again()
      } else {
        kept.push(frame)
        await box.acknowledged({ op: 'ack', track: frame.track, seq: frame.fixes.at(-1)?.seq ?? 0 })
      }
    }
    return { kept, closed, locked: false, tookMs: Date.now() - start }
  }

  it('keeps a fix until its seq is acknowledged', async () => {
    const { box, sent } = await outbox()
    await box.add(FIX)
    expect(seqs(sent[0])).toEqual([1])
    expect(box.waiting).toBe(1)
    await box.acknowledged({ op: 'ack', track: 41, seq: 1 })
    expect(box.waiting).toBe(0)
  })

  it('sends what gathered meanwhile in one batch after the acknowledgement', async () => {
    const { box, sent } = await outbox()
    for (let i = 0; i < 4; i++) await box.add(FIX)
    expect(sent).toHaveLength(1)
    await box.acknowledged({ op: 'ack', track: 41, seq: 1 })
    expect(seqs(sent[1])).toEqual([2, 3, 4])
  })

  it('sends everything unacknowledged again after a reconnect', async () => {
    const { box, sent, link } = await outbox()
    await box.add(FIX)
    link.up = false
    await box.add(FIX)
    await box.again()
    expect(sent).toHaveLength(1)
    link.up = true
    await box.again()
    expect(seqs(sent[1])).toEqual([1, 2])
  })

  it('goes on with the same track and the next seq after the page was closed', async () => {
    const store = phone()
    const first = await outbox(store)
    first.link.up = false
    await first.box.add(FIX)
    await first.box.add(FIX)
    const second = await outbox(store)
    await second.box.again()
    await second.box.add(FIX)
    await second.box.acknowledged({ op: 'ack', track: 41, seq: 2 })
    expect(second.sent.map(seqs)).toEqual([[1, 2], [3]])
  })

  it('never puts more into one frame than the server takes', async () => {
    const { box, sent, link } = await outbox()
    link.up = false
    for (let i = 0; i < BATCH + 7; i++) await box.add({ at: '', lat: 1, lon: 1 })
    link.up = true
    await box.again()
    expect(seqs(sent[0])).toHaveLength(BATCH)
    await box.acknowledged({ op: 'ack', track: 41, seq: BATCH })
    expect(seqs(sent[1])).toHaveLength(7)
  })

  it('sends the present at once after half an hour without network, and the past beside it in rising order', async () => {
    const all = await afterGap(1_800)
    await all.box.again()
    expect(all.sent.slice(0, 2).map((frame) => (frame as FixesFrame).track)).toEqual([42, 41])
    expect(seqs(all.sent[0])).toEqual([1_800])
    const { kept, closed, tookMs } = await serve(all, 65_536, 60_000)
    expect(closed).toBe(0)
    const past = kept.filter((frame) => frame.track === 41).flatMap(seqs)
    expect(past).toEqual(Array.from({ length: 1_799 }, (_, index) => index + 1))
    for (const frame of kept) expect(JSON.stringify(frame).length).toBeLessThanOrEqual(FRAME_BYTES)
    expect(tookMs).toBeLessThan(12_000)
  })

  it('lets what is measured meanwhile overtake the past', async () => {
    const { box, sent } = await afterGap(1_800)
    await box.again()
    await box.acknowledged({ op: 'ack', track: 42, seq: 1_800 })
    await box.add(measured(0))
    expect(seqs(sent[2])).toEqual([1_801])
    expect((sent[2] as FixesFrame).track).toBe(42)
  })

  it('has twenty thousand waiting fixes through in two minutes', async () => {
    const all = await afterGap(KEPT)
    await all.box.again()
    const { kept, tookMs } = await serve(all, 131_072, 120_000)
    expect(all.box.waiting).toBe(0)
    expect(kept.flatMap(seqs)).toHaveLength(KEPT)
    expect(tookMs).toBeLessThan(120_000)
    // By the clock of the test; a busy machine takes its time over so many.
  }, 60_000)

  it('sends smaller frames after one that was too large, and comes through', async () => {
    const all = await afterGap(1_800)
    await all.box.again()
    const { closed, locked } = await serve(all, 8_192, 120_000)
    expect(locked).toBe(false)
    expect(closed).toBeLessThanOrEqual(4)
    expect(all.box.waiting).toBe(0)
  })

  it('sends smaller frames where connections break without a word', async () => {
    const { box, sent } = await afterGap(1_800)
    await box.again()
    const first = JSON.stringify(sent[1]).length
    await box.again()
    expect(JSON.stringify(sent.at(-1)).length).toBeLessThan(first * 0.6)
  })

  it('does not come back where nothing can be made smaller', async () => {
    const { box } = await outbox()
    expect(box.tooLarge()).toBe(false)
  })

  it('keeps both tracks over a restart of the page', async () => {
    const store = phone()
    const first = await afterGap(60, store)
    await first.box.again()
    await first.box.acknowledged({ op: 'ack', track: 42, seq: 60 })
    const second = await outbox(store)
    await second.box.add(measured(0))
    await second.box.again()
    const sent = second.sent as FixesFrame[]
    expect(sent.find((frame) => frame.track === 42)?.fixes.map((fix) => fix.seq)).toEqual([61])
    expect(sent.find((frame) => frame.track === 41)?.fixes.map((fix) => fix.seq).at(-1)).toBe(59)
  })

  it('never sends on two tracks what may have arrived on one', async () => {
    const { box, sent, link } = await outbox()
    await box.add(measured(30))
    link.up = false
    link.up = true
    await box.again()
    expect((sent as FixesFrame[]).map((frame) => [frame.track, ...seqs(frame)])).toEqual([[41, 1], [41, 1]])
  })

  it('sends again after a refusal, when the server says', async () => {
    const { box, sent } = await outbox()
    await box.add(FIX)
    box.refused('fixes-41', 2)
    await box.add(FIX)
    await vi.advanceTimersByTimeAsync(1_999)
    expect(sent).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(seqs(sent[1])).toEqual([1, 2])
    box.close()
  })

  it('sends a batch again that nobody answered', async () => {
    const { box, sent } = await outbox()
    await box.add(FIX)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(sent.map(seqs)).toEqual([[1], [1]])
    box.close()
  })

  it('ignores the acknowledgement of another track', async () => {
    const { box } = await outbox()
    await box.add(FIX)
    await box.acknowledged({ op: 'ack', track: 7, seq: 99 })
    expect(box.waiting).toBe(1)
  })
})
