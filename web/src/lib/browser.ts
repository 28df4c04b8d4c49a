/** Which browser's words tell how to allow something. */
export type Browser = 'ios' | 'samsung' | 'android' | 'firefox' | 'desktop'

export function browserOf(agent: string): Browser {
  if (/iPhone|iPad/.test(agent)) return 'ios'
  if (/SamsungBrowser/.test(agent)) return 'samsung'
  if (/Firefox/.test(agent)) return 'firefox'
  return /Android/.test(agent) ? 'android' : 'desktop'
}
