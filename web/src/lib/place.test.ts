import { describe, expect, it } from 'vitest'
import { district, isExact, searches } from './place'

describe('an address as people write it', () => {
  it('is searched for as it is, then by neighbourhood, then by district', () => {
    expect(searches('서울특별시 강남구 테헤란로 1 (역삼동)')).toEqual([
      '서울특별시 강남구 테헤란로 1 (역삼동)',
      '강남구 역삼동',
      '역삼동',
      '강남구',
    ])
    expect(searches('강남구 역삼동 823-2')).toEqual(['강남구 역삼동 823-2', '강남구 역삼동', '역삼동', '강남구'])
    expect(searches('종로구 종로1가 5')).toEqual(['종로구 종로1가 5', '종로구 종로1가', '종로1가', '종로구'])
    expect(searches(' 역삼동 ')).toEqual(['역삼동'])
    expect(searches('테헤란로 1')).toEqual(['테헤란로 1'])
    expect(searches('  ')).toEqual([])
  })

  it('is read however its syllables are composed', () => {
    expect(searches('역삼동 1'.normalize('NFD'))).toContain('역삼동')
  })

  it('is exact with a street or a number', () => {
    expect(['강남구 테헤란로 1', '테헤란로1길 2', '역삼동 823-2'].map(isExact)).toEqual([true, true, true])
    expect(['역삼동', '강남구 역삼동', '종로1가'].map(isExact)).toEqual([false, false, false])
  })
})

describe('a district', () => {
  it('has no city in its name', () => {
    expect([district('서울시 강남구'.replace(' ', '')), district('강남구')]).toEqual(['강남구', '강남구'])
  })
})
