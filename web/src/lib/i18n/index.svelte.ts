/** The words of the pages, in Korean first and in English second. */

import { audits, endings, events, faults as faultWords, type Row } from '../api/words'
import { Problem } from '../problem'
import { en } from './en'
import { ko } from './ko'
import { fill, PROBLEMS, STATUSES } from './problems'

export type Code = 'ko' | 'en'

const KEY = 'baedal.language'

function first(): Code {
  const chosen = localStorage.getItem(KEY)
  if (chosen === 'ko' || chosen === 'en') return chosen
  for (const tag of navigator.languages) {
    if (tag.startsWith('ko')) return 'ko'
    if (tag.startsWith('en')) return 'en'
  }
  return 'ko'
}

class Language {
  code = $state<Code>(first())
  words = $derived(this.code === 'ko' ? ko : en)

  choose(code: Code): void {
    this.code = code
    localStorage.setItem(KEY, code)
  }
}

export const language = new Language()

/** The words of the chosen language. */
export function w() {
  return language.words
}

const inLanguage = (row: Row): string => row[language.code === 'ko' ? 0 : 1]

/** What went wrong, where no code tells more. */
export const faultText = (): string => problemText(new Problem({ type: 'client.fault' }))

/** A problem in people's words. Faults of the fields `beside` are told there, and not here. */
export function problemText(thrown: unknown, beside: string[] = []): string {
  const problem = Problem.from(thrown)
  const own = PROBLEMS[problem.type]
  const row = PROBLEMS[STATUSES[problem.status] ?? ''] ?? PROBLEMS['client.fault']
  const said = (own && fill(inLanguage(own), problem.body.params)) ?? (row ? inLanguage(row) : problem.message)
  const faults = (problem.body.errors ?? []).filter((fault) => !beside.includes(fault.pointer ?? ''))
  const causes = faults.map(causeText).filter((cause) => cause !== null)
  return [said, ...new Set(causes)].join(' ')
}

/** What is wrong with the field at a JSON pointer, in people's words; `null` where nothing is. */
export function faultAt(problem: Problem | null, pointer: string): string | null {
  const fault = problem?.body.errors?.find((one) => one.pointer === pointer)
  if (!fault) return null
  // The whole was refused for it.
  if (fault.code === problem?.type) return problemText(problem, [pointer])
  return causeText(fault) ?? inLanguage(faultWords['invalid'] as Row)
}

/** What the code of a field's fault, or of a cart's problem, says. */
export function causeText({ code = '' }: { code?: string }): string | null {
  const row = faultWords[code]
  return row ? inLanguage(row) : null
}

/** Why an order came to nothing, in people's words. */
export function endingText(code: string): string {
  return inLanguage(endings[code] ?? (endings['other'] as Row))
}

/** What happened to an account, in people's words. */
export function auditText(kind: string): string {
  const row = audits[kind]
  return row ? inLanguage(row) : kind
}

/** What happened, in people's words. */
export function eventText(type: string): string {
  const row = events[type]
  return row ? inLanguage(row) : type
}

const won = { ko: new Intl.NumberFormat('ko-KR'), en: new Intl.NumberFormat('en-US') }

/** `18,000원` or `₩18,000`. */
export function money(amount: number): string {
  return language.code === 'ko' ? `${won.ko.format(amount)}원` : `₩${won.en.format(amount)}`
}

/** What is taken off: `−3,000원` or `−₩3,000`. */
export function less(amount: number): string {
  return `−${money(amount)}`
}

/** `오후 7:05` or `7:05 PM`, in the zone of the device. */
export function clockTime(at: string): string {
  return new Date(at).toLocaleTimeString(language.code === 'ko' ? 'ko-KR' : 'en-US', {
    hour: 'numeric',
    minute: '2-digit',
  })
}

/** `오후 7:05:12` or `7:05:12 PM`, where seconds matter. */
export function exactTime(at: number): string {
  return new Date(at).toLocaleTimeString(language.code === 'ko' ? 'ko-KR' : 'en-US')
}

/** `11월 26일 오후 7:05` or `Nov 26, 7:05 PM`, in the zone of the device. */
export function dayAndTime(at: string): string {
  return new Date(at).toLocaleString(language.code === 'ko' ? 'ko-KR' : 'en-US', {
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
  })
}

/** `오늘`, `어제` or `11월 24일 화요일`, in the zone of the device; the year where it is another one. */
export function day(at: string, now = new Date()): string {
  const date = new Date(at)
  const midnight = (of: Date) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime()
  const ago = Math.round((midnight(now) - midnight(date)) / 86_400_000)
  if (ago === 0) return w().today
  if (ago === 1) return w().yesterday
  return date.toLocaleDateString(language.code === 'ko' ? 'ko-KR' : 'en-US', {
    ...(date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }),
    month: 'long',
    day: 'numeric',
    weekday: 'long',
  })
}

/** `850m` or `1.2km`. */
export function distance(metres: number): string {
  return metres < 1000 ? `${Math.round(metres / 10) * 10}m` : `${(metres / 1000).toFixed(1)}km`
}
