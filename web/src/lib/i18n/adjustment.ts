/**
 * The words about what is given back of an order that has arrived, Korean first. They are apart from the others
 * because signing in needs none of them.
 */

import type { AdjustmentReason } from '../api/types'
import { language } from './index.svelte'

const adjustedKo = {
  title: '환불된 내역',
  borne: '가게가 부담하는 환불',
  reasons: {
    missing: '빠진 메뉴가 있었어요',
    wrong: '다른 메뉴가 왔어요',
    quality: '음식 상태가 좋지 않았어요',
    late: '너무 늦게 도착했어요',
    other: '다른 문제가 있었어요',
  } as Record<AdjustmentReason, string>,
  tip: '배달팁',
  amount: '금액',
}

const adjustedEn: typeof adjustedKo = {
  title: 'Given back',
  borne: 'Refunds that the restaurant bears',
  reasons: {
    missing: 'Something was missing',
    wrong: 'Something else came',
    quality: 'The food was not as it should be',
    late: 'It came too late',
    other: 'Something else was wrong',
  },
  tip: 'Delivery tip',
  amount: 'Amount',
}

/** What everybody who sees the order reads, in the chosen language. */
export const adjustedWords = () => (language.code === 'ko' ? adjustedKo : adjustedEn)
