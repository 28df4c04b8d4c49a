/** Names of places. */

import type { Place } from './api/types'
import type { Rest } from './rest'

/** A district's name. Three of the register's carry the city's name before their own. */
export function district(gu: string): string {
  return gu.replace(/^서울시/, '')
}

/** A neighbourhood as a person writes it. */
export function placeName(place: Place): string {
  return `${district(place.gu)} ${place.dong}`
}

/**
 * What to search the register of neighbourhoods for, given an address as people write it, the most
 * exact first: `서울특별시 강남구 테헤란로 1 (역삼동)` lies in 강남구 역삼동. Streets and numbers are in
 * no register here, so an address without a neighbourhood leads to its district.
 */
export function searches(address: string): string[] {
  const words = address.normalize('NFC').split(/[\s,()]+/).filter((word) => word !== '')
  const gu = words.find((word) => /^[가-힣]+구$/.test(word))
  const dong = words.find((word) => /^[가-힣]+\d*(동|가)$/.test(word))
  const found = [address.trim(), gu && dong && `${gu} ${dong}`, dong, gu]
  return [...new Set(found.filter((one): one is string => !!one))]
}

/** The neighbourhoods that an address, as people write it, may lie in. */
export async function findPlaces(rest: Rest, address: string): Promise<Place[]> {
  for (const q of searches(address)) {
    const { items } = await rest.get<{ items: Place[] }>('/v1/places', { q })
    if (items.length > 0) return items
  }
  return []
}

/** Whether it says more than a neighbourhood: a street or a number. */
export function isExact(address: string): boolean {
  return /(로|길)\s*\d+(?![\d가])|(동|가)\s+(산\s*)?\d/.test(address)
}
