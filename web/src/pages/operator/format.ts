/** Figures in the reader's language; what is not known is a dash. */

import { language, w } from '../../lib/i18n/index.svelte'

const formats = {
  ko: new Intl.NumberFormat('ko-KR', { maximumFractionDigits: 1 }),
  en: new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 }),
}

export const UNKNOWN = '–'

export function number(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : formats[language.code].format(value)
}

export const megabytes = (bytes: number) => `${number(bytes / 1_048_576)} MB`

/** How long ago something was, at `now` in milliseconds. */
export function ago(at: string, now: number): string {
  return w().operator.ago(Math.max(0, Math.round((now - Date.parse(at)) / 1000)))
}

/** Enough of an id to tell things apart. */
export const short = (id: string) => `…${id.slice(-6)}`
