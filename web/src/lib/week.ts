/** The hours of a week as people write and see them. Minutes count from midnight; a span may end on the next day. */

import type { DayRange, Weekday, WeekSpan } from './api/types'

export const WEEK: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

export const DAY_MINS = 24 * 60

/** `09:05`, for a field of time; of the next day it is the time alone. */
export function clockOf(mins: number): string {
  const ofDay = mins % DAY_MINS
  return `${String(Math.floor(ofDay / 60)).padStart(2, '0')}:${String(ofDay % 60).padStart(2, '0')}`
}

/** The minutes of a field of time; `null` while it is empty. */
export function minsOf(clock: string): number | null {
  const found = /^([01]\d|2[0-3]):([0-5]\d)/.exec(clock)
  return found ? Number(found[1]) * 60 + Number(found[2]) : null
}

/** A range from one time to another: one that does not rise ends on the next day, and one to its own start lasts a day. */
export function rangeOf(from: string, to: string): DayRange | null {
  const [begin, end] = [minsOf(from), minsOf(to)]
  if (begin === null || end === null) return null
  return { from_min: begin, to_min: end > begin ? end : end + DAY_MINS }
}

/** Part of a day, in minutes: what is painted of it. */
export interface Stripe {
  from: number
  to: number
}

/** What spans paint of a day, those of the day before that reach into it included. */
export function stripesOf(spans: WeekSpan[], day: Weekday): Stripe[] {
  const before = WEEK[(WEEK.indexOf(day) + WEEK.length - 1) % WEEK.length]
  const own = spans.filter((span) => span.weekday === day).map((span) => ({ from: span.from_min, to: Math.min(span.to_min, DAY_MINS) }))
  const over = spans
    .filter((span) => span.weekday === before && span.to_min > DAY_MINS)
    .map((span) => ({ from: 0, to: span.to_min - DAY_MINS }))
  return [...over, ...own].sort((one, other) => one.from - other.from)
}
