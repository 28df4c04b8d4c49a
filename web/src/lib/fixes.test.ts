import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BATCH, FixOutbox, type FixStore, type Memory } from './fixes'
import type { ClientFrame, Fix } from './frames'

/** What a phone's storage keeps when the page is closed. */
function phone(): FixStore & { memory: Memory | null } {
  return {
    memory: null,
    load() {
      return Promise.resolve(this.memory && structuredClone(this.memory))
    },
    begin(track) {
      this.memory = { track, nextSeq: 1, fixes: [] }
      return Promise.resolve()
    },
    put(fix) {
      this.memory?.fixes.push(fix)
      if (this.memory) this.memory.nextSeq = fix.seq + 1
      return Promise.resolve()
    },
    dropThrough(seq) {
      if (this.memory) this.memory.fixes = this.memory.fixes.filter((fix) => fix.seq > seq)
      return Promise.resolve()
    },
  }
}

const FIX: Omit<Fix, 'seq'> = { at: '2026-01-01T00:00:00Z', lat: 37.5, lon: 127 }

function seqs(frame: ClientFrame | undefined): number[] {
  return frame?.op === 'fixes' ? frame.fixes.map((fix) => fix.seq) : []
}

describe('the outbox of fixes', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  async function outbox(store: FixStore = phone()) {
    const sent: ClientFrame[] = []
    const link = { up: true }
    const box = await FixOutbox.open(
      store,
      () => 41,
      (frame) => {
        if (link.up) sent.push(frame)
        return link.up
      },
    )
    return { box, sent, link }
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
    box.again()
    expect(sent).toHaveLength(1)
    link.up = true
    box.again()
    expect(seqs(sent[1])).toEqual([1, 2])
  })

  it('goes on with the same track and the next seq after the page was closed', async () => {
    const store = phone()
    const first = await outbox(store)
    first.link.up = false
    await first.box.add(FIX)
    await first.box.add(FIX)
    const second = await outbox(store)
    second.box.again()
    await second.box.add(FIX)
    await second.box.acknowledged({ op: 'ack', track: 41, seq: 2 })
    expect(second.sent.map(seqs)).toEqual([[1, 2], [3]])
  })

  it('never puts more into one frame than the server takes', async () => {
    const { box, sent, link } = await outbox()
    link.up = false
    for (let i = 0; i < BATCH + 7; i++) await box.add(FIX)
    link.up = true
    box.again()
    expect(seqs(sent[0])).toHaveLength(BATCH)
    await box.acknowledged({ op: 'ack', track: 41, seq: BATCH })
    expect(seqs(sent[1])).toHaveLength(7)
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
