import { describe, expect, it } from 'vitest'
import type { PaymentMethod } from './api/types'
import { chosenToPayWith, issuerName, maskedNumber, ONCE } from './paymentMethods'

const method = (fields: Partial<PaymentMethod>): PaymentMethod => ({
  id: 'a',
  kind: 'card',
  issuer: '41',
  number: '43301234****123*',
  is_default: false,
  created_at: '2026-11-01T00:00:00Z',
  ...fields,
})

describe('a saved means of payment', () => {
  it('is called what people call its issuer, in both languages', () => {
    expect(issuerName(method({}), 'ko')).toBe('신한카드')
    expect(issuerName(method({}), 'en')).toBe('Shinhan Card')
    expect(issuerName(method({ issuer: '11' }), 'ko')).toBe('국민카드')
    expect(issuerName(method({ kind: 'bank', issuer: '11' }), 'ko')).toBe('농협은행')
    expect(issuerName(method({ kind: 'bank', issuer: '088' }), 'en')).toBe('Shinhan Bank')
    expect(issuerName(method({ kind: 'bank', issuer: '004' }), 'ko')).toBe('국민은행')
    expect(issuerName(method({ kind: 'easy_pay', issuer: '토스페이' }), 'en')).toBe('Toss Pay')
    expect(issuerName(method({ kind: 'easy_pay', issuer: '새페이' }), 'en')).toBe('새페이')
  })

  it('is named by its kind where its issuer is not known', () => {
    for (const issuer of ['ZZ', '', 'constructor', 'toString']) {
      expect(issuerName(method({ issuer }), 'ko')).toBe('카드')
      expect(issuerName(method({ issuer }), 'en')).toBe('Card')
      expect(issuerName(method({ kind: 'bank', issuer }), 'en')).toBe('Bank account')
    }
    expect(issuerName(method({ kind: 'easy_pay', issuer: '' }), 'ko')).toBe('간편결제')
  })

  it('shows a card’s number in fours, and an account’s as it is', () => {
    expect(maskedNumber(method({}))).toBe('4330 1234 **** 123*')
    expect(maskedNumber(method({ number: '3782822****0005' }))).toBe('3782 822* ***0 005')
    expect(maskedNumber(method({ kind: 'bank', number: '10000007000*' }))).toBe('10000007000*')
    expect(maskedNumber(method({ number: '' }))).toBe('')
  })
})

describe('what is paid with', () => {
  const all = [method({ id: 'a' }), method({ id: 'b', is_default: true }), method({ id: 'c' })]

  it('is the chosen one, else the default one, else the oldest', () => {
    expect(chosenToPayWith(all, 'c')).toBe(all[2])
    expect(chosenToPayWith(all, null)).toBe(all[1])
    expect(chosenToPayWith([method({ id: 'a' }), method({ id: 'c' })], null)).toMatchObject({ id: 'a' })
  })

  it('is no longer one that was deleted', () => {
    expect(chosenToPayWith(all, 'gone')).toBe(all[1])
  })

  it('is nothing saved where it is paid once: by choice, or because nothing is saved', () => {
    expect(chosenToPayWith(all, ONCE)).toBe(ONCE)
    expect(chosenToPayWith([], 'gone')).toBe(ONCE)
  })
})
