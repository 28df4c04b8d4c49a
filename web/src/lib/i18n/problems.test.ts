import { describe, expect, it } from 'vitest'
import { faults } from '../api/words'
import { fill, PROBLEMS, STATUSES } from './problems'

describe('the words of problems', () => {
  it('speaks Korean to Koreans and English to the others', () => {
    for (const [code, [ko, en]] of [PROBLEMS, faults].flatMap((rows) => Object.entries(rows))) {
      expect(ko, code).toMatch(/[가-힣]/)
      expect(en, code).not.toMatch(/[가-힣]/)
    }
  })

  it('has words for every status', () => {
    expect(Object.values(STATUSES).filter((code) => !(code in PROBLEMS))).toEqual([])
  })

  it('puts parameters in their places, once, and says nothing with a gap', () => {
    expect(fill('{group}: {min}개 이상', { group: '{min} 사이즈', min: 1 })).toBe('{min} 사이즈: 1개 이상')
    expect(fill('{group}: {min}개 이상', { min: 1 })).toBeNull()
    expect(fill('{min_won}원', { min_won: 12_345 })).toBe('12,345원')
    expect(fill('꼭 입력해 주세요.')).toBe('꼭 입력해 주세요.')
  })
})
