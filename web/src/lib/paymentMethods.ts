/** What pages say of a saved means of payment. */

import type { PaymentMethod } from './api/types'
import type { Code } from './i18n/index.svelte'

type Names = readonly [ko: string, en: string]

const CARD: Names = ['카드', 'Card']
const BANK: Names = ['계좌', 'Bank account']
const EASY_PAY: Names = ['간편결제', 'Easy pay']

/** Who issues cards, by the codes of Toss Payments. */
const ISSUERS = new Map<string, Names>([
  ['11', ['국민카드', 'KB Kookmin Card']],
  ['15', ['카카오뱅크 카드', 'KakaoBank Card']],
  ['21', ['하나카드', 'Hana Card']],
  ['24', ['토스뱅크 카드', 'Toss Bank Card']],
  ['30', ['산업은행 카드', 'KDB Card']],
  ['31', ['비씨카드', 'BC Card']],
  ['33', ['우리카드', 'Woori Card']],
  ['34', ['수협카드', 'Suhyup Card']],
  ['35', ['전북카드', 'Jeonbuk Card']],
  ['36', ['씨티카드', 'Citi Card']],
  ['37', ['우체국 카드', 'Korea Post Card']],
  ['38', ['새마을금고 카드', 'MG Card']],
  ['39', ['저축은행 카드', 'Savings Bank Card']],
  ['3A', ['케이뱅크 카드', 'K bank Card']],
  ['3C', ['유니온페이 카드', 'UnionPay Card']],
  ['3K', ['기업비씨카드', 'IBK BC Card']],
  ['41', ['신한카드', 'Shinhan Card']],
  ['42', ['제주카드', 'Jeju Card']],
  ['46', ['광주카드', 'Kwangju Card']],
  ['4J', ['JCB 카드', 'JCB Card']],
  ['4M', ['마스터카드', 'Mastercard']],
  ['4V', ['비자카드', 'Visa Card']],
  ['51', ['삼성카드', 'Samsung Card']],
  ['61', ['현대카드', 'Hyundai Card']],
  ['62', ['신협카드', 'Shinhyup Card']],
  ['71', ['롯데카드', 'Lotte Card']],
  ['91', ['농협카드', 'NH Nonghyup Card']],
  ['W1', ['우리카드', 'Woori Card']],
])

/** Where accounts are, by the two digits of Toss Payments. */
const BANKS = new Map<string, Names>([
  ['02', ['산업은행', 'KDB']],
  ['03', ['기업은행', 'IBK']],
  ['04', ['국민은행', 'KB Kookmin Bank']],
  ['07', ['수협은행', 'Suhyup Bank']],
  ['11', ['농협은행', 'NH Nonghyup Bank']],
  ['12', ['지역 농축협', 'Local Nonghyup']],
  ['20', ['우리은행', 'Woori Bank']],
  ['23', ['SC제일은행', 'SC Bank Korea']],
  ['27', ['씨티은행', 'Citibank Korea']],
  ['31', ['아이엠뱅크', 'iM Bank']],
  ['32', ['부산은행', 'Busan Bank']],
  ['34', ['광주은행', 'Kwangju Bank']],
  ['35', ['제주은행', 'Jeju Bank']],
  ['37', ['전북은행', 'Jeonbuk Bank']],
  ['39', ['경남은행', 'Kyongnam Bank']],
  ['45', ['새마을금고', 'MG Bank']],
  ['48', ['신협', 'Shinhyup Bank']],
  ['50', ['저축은행', 'Savings Bank']],
  ['71', ['우체국', 'Korea Post']],
  ['81', ['하나은행', 'Hana Bank']],
  ['88', ['신한은행', 'Shinhan Bank']],
  ['89', ['케이뱅크', 'K bank']],
  ['90', ['카카오뱅크', 'KakaoBank']],
  ['92', ['토스뱅크', 'Toss Bank']],
])

/** Easy-pay services come with their Korean names. */
const SERVICES = new Map<string, string>([
  ['토스페이', 'Toss Pay'],
  ['네이버페이', 'Naver Pay'],
  ['카카오페이', 'KakaoPay'],
  ['삼성페이', 'Samsung Pay'],
  ['애플페이', 'Apple Pay'],
  ['엘페이', 'L.PAY'],
  ['페이코', 'PAYCO'],
  ['SSG페이', 'SSG Pay'],
])

/** Who issued it: the card company, the bank or the service, as people know it. */
export function issuerName({ kind, issuer }: Pick<PaymentMethod, 'kind' | 'issuer'>, language: Code): string {
  const at = language === 'ko' ? 0 : 1
  if (kind === 'easy_pay') {
    if (issuer === '') return EASY_PAY[at]
    return language === 'ko' ? issuer : (SERVICES.get(issuer) ?? issuer)
  }
  // Some name a bank by three digits, the first of which is a zero.
  if (kind === 'bank') return (BANKS.get(issuer) ?? BANKS.get(issuer.replace(/^0(?=\d\d$)/, '')) ?? BANK)[at]
  return (ISSUERS.get(issuer) ?? CARD)[at]
}

/** Its masked number as a card shows it, in fours; an account's and a service's stay as they are. */
export function maskedNumber({ kind, number }: Pick<PaymentMethod, 'kind' | 'number'>): string {
  return kind === 'card' ? number.replace(/(.{4})(?=.)/g, '$1 ') : number
}

/** Paying in the payment company's window, where nothing is saved. */
export const ONCE = 'once'

/**
 * What is paid with unless the customer says otherwise: what they chose, while it is there, the default one, the
 * oldest. Where nothing is saved, it is paid once.
 */
export function chosenToPayWith(all: PaymentMethod[], chosen: string | null): PaymentMethod | typeof ONCE {
  if (chosen === ONCE) return ONCE
  return all.find(({ id }) => id === chosen) ?? all.find(({ is_default }) => is_default) ?? all[0] ?? ONCE
}
