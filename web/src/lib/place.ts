/** A district's name. Three of the register's carry the city's name before their own. */
export function district(gu: string): string {
  return gu.replace(/^서울시/, '')
}
