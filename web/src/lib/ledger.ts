/** The ledger as bookkeepers read it: debits at the left, credits at the right. */

import type { LedgerAccount, LedgerEntry, LedgerTurnover } from './api/types'

/** All accounts, what is owned before what is owed, and that before what was earned and spent. */
export const ACCOUNTS: readonly LedgerAccount[] = [
  'gateway', 'deposits', 'refunds', 'restaurant', 'courier', 'points', 'vat', 'commission', 'amends', 'coupons', 'rewards',
]

/** Of these there is one for each restaurant, courier or customer. */
export function hasParty(account: string): boolean {
  return account === 'restaurant' || account === 'courier' || account === 'points'
}

/** A posting in two columns, one of which is empty. */
export interface PostingRow {
  /** Its place in the entry: an account may be posted on twice. */
  place: number
  account: LedgerAccount
  party: string | null
  debit: number | null
  credit: number | null
}

/** The postings of an entry, debits first. */
export function rowsOf({ postings }: Pick<LedgerEntry, 'postings'>): PostingRow[] {
  const rows = postings.map(({ account, party_id, amount_won }, place) => ({
    place,
    account,
    party: party_id ?? null,
    debit: amount_won > 0 ? amount_won : null,
    credit: amount_won < 0 ? -amount_won : null,
  }))
  return [...rows.filter(({ debit }) => debit !== null), ...rows.filter(({ debit }) => debit === null)]
}

/** A day's accounts in the order of `ACCOUNTS`; one that this page does not know comes last. */
export function inOrder(accounts: LedgerTurnover[]): LedgerTurnover[] {
  const place = ({ account }: LedgerTurnover) => (ACCOUNTS.includes(account) ? ACCOUNTS.indexOf(account) : ACCOUNTS.length)
  return accounts.toSorted((a, b) => place(a) - place(b))
}

/** All debits and all credits, which are one sum where the ledger is right. */
export function sums(accounts: LedgerTurnover[]): { debit: number; credit: number } {
  return {
    debit: accounts.reduce((all, { debit_won }) => all + debit_won, 0),
    credit: accounts.reduce((all, { credit_won }) => all + credit_won, 0),
  }
}
