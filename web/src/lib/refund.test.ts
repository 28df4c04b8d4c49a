import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => 'ko', setItem: () => undefined })
vi.stubGlobal('navigator', { languages: ['ko'] })
const { paidWon, refundText } = await import('./refund')

describe('what goes back', () => {
  it('is of all that was paid, also for dishes that were taken out before', () => {
    const order = { payable_won: 12_000, cancellations: [{ refund_won: 9_000 }, { refund_won: 0 }] } as Parameters<typeof paidWon>[0]
    expect(paidWon(order)).toBe(21_000)
    expect(refundText(12_000, paidWon(order), null)).toMatch(/^결제한 21,000원 중 12,000원을 돌려드려요\. 결제한 카드로/)
    expect(refundText(21_000, 21_000, null)).toMatch(/^결제한 21,000원을 모두/)
  })

  it('says how far it is', () => {
    expect(refundText(1, 2, { status: 'done', done_at: '2026-11-27T03:00:00Z' })).toMatch(/에 환불했어요/)
    expect(refundText(1, 2, { status: 'delayed', done_at: null })).toMatch(/늦어지고/)
  })
})
