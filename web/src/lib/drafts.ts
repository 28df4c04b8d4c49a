/** What is written and not yet sent, kept in this tab over a reload. */

const PREFIX = 'baedal.draft.'

export function readDraft<T>(key: string, none: T): T {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + key) ?? 'null') ?? none
  } catch {
    return none
  }
}

/** `null` forgets it. */
export function keepDraft(key: string, draft: unknown): void {
  if (typeof sessionStorage === 'undefined') return
  if (draft === null) sessionStorage.removeItem(PREFIX + key)
  else sessionStorage.setItem(PREFIX + key, JSON.stringify(draft))
}

/** The next one who signs in here sees nothing of it. */
export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
}
