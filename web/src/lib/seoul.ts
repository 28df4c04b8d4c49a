/** Days and clocks in Seoul, whatever zone the device is in. Korea has one zone and no summer time. */

const SEOUL_MS = 9 * 3_600_000

/** The day in Seoul at a moment, as `2027-03-03`. */
export function seoulDay(at: number): string {
  return seoulMinute(at).slice(0, 10)
}

/** The day that is `days` after another one, or before it. */
export function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** A moment by the clocks of Seoul, as a field of date and time has it: `2027-03-03T09:30`. */
export function seoulMinute(at: number): string {
  return new Date(at + SEOUL_MS).toISOString().slice(0, 16)
}

/** The moment that a field of date and time says, by the clocks of Seoul. */
export function momentInSeoul(minute: string): string {
  return new Date(Date.parse(`${minute}Z`) - SEOUL_MS).toISOString()
}
