/** What the operators' pages say of a campaign. */

import type { Campaign } from '../../lib/api/types'
import type { CampaignState } from '../../lib/coupon'
import { campaignWords } from '../../lib/i18n/coupons'
import { number } from './format'

/** How many coupons were claimed, of how many there are. */
export function issuedText({ issued, terms: { total } }: Campaign): string {
  return campaignWords().issuedOf(number(issued), total == null ? null : number(total))
}

export function toneOfCampaign(state: CampaignState): 'plain' | 'good' | 'warn' | 'bad' {
  if (state === 'running') return 'good'
  return state === 'withdrawn' ? 'bad' : 'plain'
}
