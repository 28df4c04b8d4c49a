import { describe, expect, it } from 'vitest'
import { daysAfter, momentInSeoul, seoulDay, seoulMinute } from './seoul'

describe('a day in Seoul', () => {
  it('begins at midnight there', () => {
    expect(seoulDay(Date.parse('2026-11-27T14:59:59Z'))).toBe('2026-11-27')
    expect(seoulDay(Date.parse('2026-11-27T15:00:00Z'))).toBe('2026-11-28')
  })

  it('has a day before and one after it', () => {
    expect(daysAfter('2027-03-01', -1)).toBe('2027-02-28')
    expect(daysAfter('2026-12-31', 1)).toBe('2027-01-01')
  })

  it('has its own clock, for fields of date and time', () => {
    const at = '2027-03-02T23:30:00.000Z'
    expect(seoulMinute(Date.parse(at))).toBe('2027-03-03T08:30')
    expect(momentInSeoul('2027-03-03T08:30')).toBe(at)
  })
})
