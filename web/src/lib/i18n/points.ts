/** The words about points, Korean first. They are apart from the others because signing in needs none of them. */

import type { PointsEvent, PointsReason } from '../api/types'
import { language } from './index.svelte'

const pointsKo = {
  title: '포인트',
  text: '쓸 수 있는 포인트와 적립 내역',
  available: '쓸 수 있는 포인트',
  soon: (at: string) => `30일 안에 소멸 (${at}부터)`,
  held: '결제 대기 주문에 사용 중',
  pending: '적립 예정',
  terms: (least: string, unit: string) => `${least}부터 ${unit} 단위로 쓸 수 있어요.`,
  history: '포인트 내역',
  none: '아직 포인트 내역이 없어요. 주문이 완료되면 포인트가 적립돼요.',
  kinds: { earned: '적립', given: '받음', used: '사용', returned: '반환', expired: '소멸' } as Record<PointsEvent['kind'], string>,
  reasons: { apology: '사과의 뜻으로', prize: '이벤트', correction: '정정' } as Record<PointsReason, string>,
  use: '포인트 쓰기',
  change: '포인트 바꾸기',
  have: (won: string) => `${won} 쓸 수 있어요.`,
  amount: '쓸 포인트 (원)',
  apply: '이만큼 쓰기',
  all: '모두 쓰기',
  without: '쓰지 않기',
  fewer: (wanted: string, used: string) => `고른 포인트 ${wanted} 중 ${used}만 쓸 수 있어요.`,
  willEarn: '적립 예정 포인트',
  goBack: (won: string) => `포인트 ${won}을 돌려드려요.`,
}

const pointsEn: typeof pointsKo = {
  title: 'Points',
  text: 'How many you have, and where they came from',
  available: 'Points to use',
  soon: (at) => `Expire within 30 days (from ${at})`,
  held: 'In an unpaid order',
  pending: 'Will be earned',
  terms: (least, unit) => `They can be used from ${least}, by ${unit} at a time.`,
  history: 'History',
  none: 'Nothing happened to your points yet. Completed orders earn some.',
  kinds: { earned: 'Earned', given: 'Received', used: 'Used', returned: 'Came back', expired: 'Expired' },
  reasons: { apology: 'As an apology', prize: 'Event', correction: 'Correction' },
  use: 'Use points',
  change: 'Change points',
  have: (won) => `${won} can be used.`,
  amount: 'Points to use (₩)',
  apply: 'Use these',
  all: 'Use all',
  without: 'Use none',
  fewer: (wanted, used) => `Of the ${wanted} in points that you chose, ${used} can be used.`,
  willEarn: 'Points you will earn',
  goBack: (won) => `Points of ${won} come back.`,
}

const grantKo = {
  title: '포인트 지급',
  none: '아직 지급한 포인트가 없어요.',
  give: '포인트 지급하기',
  given: '포인트를 지급했어요.',
  text: '지급한 포인트는 되돌릴 수 없어요.',
  customer: '고객 ID',
  amount: '금액 (원)',
  amountHint: '한 번에 1,000,000원까지 지급할 수 있어요.',
  reason: '사유',
  reasons: { apology: '사과', prize: '이벤트', correction: '정정' } as Record<PointsReason, string>,
  days: '쓸 수 있는 기간 (일)',
  daysHint: '365일까지 정할 수 있어요.',
  by: (who: string) => `지급 ${who}`,
}

const grantEn: typeof grantKo = {
  title: 'Points given',
  none: 'No points were given yet.',
  give: 'Give points',
  given: 'The points were given.',
  text: 'Points that were given cannot be taken back.',
  customer: 'Customer ID',
  amount: 'Amount (₩)',
  amountHint: 'At most ₩1,000,000 at a time.',
  reason: 'Reason',
  reasons: { apology: 'Apology', prize: 'Event', correction: 'Correction' },
  days: 'Days to use them',
  daysHint: 'At most 365.',
  by: (who) => `given by ${who}`,
}

/** What customers read, in the chosen language. */
export const pointsWords = () => (language.code === 'ko' ? pointsKo : pointsEn)

/** What operators read, in the chosen language. */
export const grantWords = () => (language.code === 'ko' ? grantKo : grantEn)
