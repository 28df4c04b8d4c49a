import { describe, expect, it } from 'vitest'
import type { LedgerPosting, LedgerTurnover } from './api/types'
import { hasParty, inOrder, rowsOf, sums } from './ledger'

describe('the ledger', () => {
  it('has debits first, and an amount in one of two columns', () => {
    const postings: LedgerPosting[] = [
      { account: 'restaurant', party_id: 'r', amount_won: -16_460 },
      { account: 'commission', party_id: null, amount_won: -1_404 },
      { account: 'deposits', amount_won: 18_000 },
      { account: 'vat', amount_won: -136 },
    ]
    const rows = rowsOf({ postings })
    expect(rows.map(({ account, debit, credit }) => [account, debit, credit])).toEqual([
      ['deposits', 18_000, null],
      ['restaurant', null, 16_460],
      ['commission', null, 1_404],
      ['vat', null, 136],
    ])
    expect(rows.map(({ party }) => party)).toEqual([null, 'r', null, null])
  })

  it('keeps two postings on one account apart', () => {
    const postings: LedgerPosting[] = [-16_000, -3_000].map((amount_won) => ({ account: 'restaurant', party_id: 'r', amount_won }))
    expect(new Set(rowsOf({ postings }).map(({ place }) => place)).size).toBe(2)
  })

  it('adds up a day, with its accounts in one order', () => {
    const turnover = (account: string, debit_won: number, credit_won: number) => ({ account, debit_won, credit_won }) as LedgerTurnover
    const day = [turnover('later', 1, 1), turnover('deposits', 5_000, 18_000), turnover('gateway', 18_000, 5_000)]
    expect(inOrder(day).map(({ account }) => account)).toEqual(['gateway', 'deposits', 'later'])
    expect(sums(day)).toEqual({ debit: 23_001, credit: 23_001 })
    expect(sums([])).toEqual({ debit: 0, credit: 0 })
  })

  it('knows whose account needs a party', () => {
    expect(['restaurant', 'courier', 'points', 'gateway', ''].map(hasParty)).toEqual([true, true, true, false, false])
  })
})
