import { describe, expect, it, vi } from 'vitest'

vi.stubGlobal('localStorage', { getItem: () => 'ko', setItem: () => undefined })
vi.stubGlobal('navigator', { languages: ['ko'] })
const { benefitText, idsOf, placesText, stateOf, whyNotText } = await import('./coupon')

describe('a coupon in words', () => {
  it('says what it takes off', () => {
    expect(benefitText({ kind: 'order', benefit: { by: 'amount', won: 3_000 } })).toBe('3,000원 할인')
    expect(benefitText({ kind: 'order', benefit: { by: 'percent', percent: 10, at_most_won: 5_000 } })).toBe('10% 할인 (최대 5,000원)')
    expect(benefitText({ kind: 'delivery', benefit: { by: 'amount', won: 2_000 } })).toBe('배달팁 2,000원 할인')
  })

  it('says where it can be used', () => {
    expect(placesText({ restaurant_ids: [], categories: [] })).toBe('모든 가게에서')
    expect(placesText({ restaurant_ids: ['a', 'b'], categories: ['chicken', 'pizza'] })).toBe('정해진 가게 2곳에서 · 치킨, 피자 가게에서')
  })

  it('says what would help, and has words for codes of a newer server', () => {
    expect(whyNotText({ code: 'below_minimum', shortfall_won: 1_000 })).toBe('1,000원 더 담으면 쓸 수 있어요.')
    expect(whyNotText({ code: 'not_on_mondays' })).toBe('지금은 쓸 수 없는 쿠폰이에요.')
  })
})

describe('a campaign', () => {
  const terms = { from: '2027-03-03T00:00:00Z', until: '2027-03-05T00:00:00Z' } as Parameters<typeof stateOf>[0]['terms']

  it('runs from its first moment until before its last, unless it was withdrawn', () => {
    const at = (time: string) => stateOf({ terms }, Date.parse(time))
    expect(at('2027-03-02T23:59:59Z')).toBe('waiting')
    expect(at(terms.from)).toBe('running')
    expect(at(terms.until)).toBe('over')
    expect(stateOf({ terms, withdrawn_at: terms.from }, Date.parse(terms.from))).toBe('withdrawn')
  })

  it('finds the ids of a text, each once, and what is none', () => {
    const id = '01920000-0000-7000-8000-000000000001'
    expect(idsOf(` ${id}\n${id}, x y\n`)).toEqual({ ids: [id], wrong: ['x', 'y'] })
    expect(idsOf('')).toEqual({ ids: [], wrong: [] })
  })
})
