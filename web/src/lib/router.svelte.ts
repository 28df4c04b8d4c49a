/** Hash routes: `#/orders/0192…` is the path `['orders', '0192…']`. */

import type { Area } from './session.svelte'

const AREAS: Area[] = ['courier', 'owner', 'agent', 'operator']

function read(): string[] {
  return location.hash
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
}

class Route {
  path = $state(read())

  constructor() {
    addEventListener('hashchange', () => {
      this.path = read()
      scrollTo(0, 0)
    })
  }

  get area(): Area {
    const first = this.path[0]
    return AREAS.find((area) => area === first) ?? 'customer'
  }
}

export const route = new Route()

export function go(path: string): void {
  location.hash = `#${path}`
}
