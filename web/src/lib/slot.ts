/** The half-hours for which orders are scheduled, in words: by the days and the clocks of Korea. */

import { language, w } from './i18n/index.svelte'
import { slotWords } from './i18n/slots'
import { daysAfter, seoulDay, seoulMinute } from './seoul'

const SLOT_MS = 30 * 60_000
/** Orders are scheduled for today and for so many days after it. */
const DAYS_AHEAD = 7

/** The days that can be chosen at a moment, the first of them today. */
export function slotDays(now: number): string[] {
  const today = seoulDay(now)
  return Array.from({ length: DAYS_AHEAD + 1 }, (_, days) => daysAfter(today, days))
}

/** The day of a slot; `null` where there is no slot. */
export function dayOf(slot: string): string | null {
  const at = Date.parse(slot)
  return Number.isNaN(at) ? null : seoulDay(at)
}

/** `오늘`, `내일` or `12월 3일 (목)`. */
export function dayName(day: string, now: number): string {
  const today = seoulDay(now)
  if (day === today) return w().today
  if (day === daysAfter(today, 1)) return slotWords().tomorrow
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(language.code === 'ko' ? 'ko-KR' : 'en-US', {
    timeZone: 'UTC',
    month: 'short',
    day: 'numeric',
    weekday: 'short',
  })
}

/** `12:30–13:00`. */
export function spanOf(slot: string): string {
  const at = Date.parse(slot)
  return [at, at + SLOT_MS].map((moment) => seoulMinute(moment).slice(11)).join('–')
}

/** `내일 12:30–13:00`. */
export function slotName(slot: string, now: number): string {
  return `${dayName(dayOf(slot) ?? '', now)} ${spanOf(slot)}`
}
