/** What pages say of a coupon, and what the form of a campaign makes of its fields. */

import type { Campaign, CampaignTerms, CouponInapplicable, CouponOffer } from './api/types'
import { couponWords } from './i18n/coupons'
import { dayAndTime, money, w } from './i18n/index.svelte'

/** `3,000원 할인`, `10% 할인 (최대 5,000원)`. */
export function benefitText({ kind, benefit }: Pick<CouponOffer, 'kind' | 'benefit'>): string {
  return benefit.by === 'amount'
    ? couponWords().amount[kind](money(benefit.won))
    : couponWords().percent[kind](benefit.percent, money(benefit.at_most_won))
}

/** From which sum of dishes on it can be used. */
export function minimumText(won: number): string {
  return won > 0 ? couponWords().from(money(won)) : couponWords().anyAmount
}

type Where = Pick<CampaignTerms, 'restaurant_ids' | 'categories'>

/** Where it can be used: everywhere, at some restaurants, at some kinds of them. */
export function placesText({ restaurant_ids = [], categories = [] }: Where): string {
  const places = [
    restaurant_ids.length > 0 ? couponWords().atShops(restaurant_ids.length) : '',
    categories.length > 0 ? couponWords().atCategories(categories.map((one) => w().categories[one]).join(', ')) : '',
  ].filter(Boolean)
  return places.join(' · ') || couponWords().everywhere
}

/** Why it takes nothing off, and what would help. */
export function whyNotText({ code, shortfall_won, from }: CouponInapplicable): string {
  if (code === 'below_minimum' && shortfall_won != null) return couponWords().shortfall(money(shortfall_won))
  if (code === 'not_yet' && from != null) return couponWords().notYet(dayAndTime(from))
  return couponWords().why[code] ?? couponWords().whyNot
}

export type CampaignState = 'waiting' | 'running' | 'over' | 'withdrawn'

/** How a campaign is at a moment, in milliseconds. */
export function stateOf({ terms, withdrawn_at }: Pick<Campaign, 'terms' | 'withdrawn_at'>, now: number): CampaignState {
  if (withdrawn_at != null) return 'withdrawn'
  if (now >= Date.parse(terms.until)) return 'over'
  return now < Date.parse(terms.from) ? 'waiting' : 'running'
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The ids of a text, each once and in its order, and what in it is none. */
export function idsOf(text: string): { ids: string[]; wrong: string[] } {
  const words = [...new Set(text.split(/[\s,]+/).filter(Boolean))]
  return { ids: words.filter((word) => UUID.test(word)), wrong: words.filter((word) => !UUID.test(word)) }
}
