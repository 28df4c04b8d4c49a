/** Short words about what was just done, with a way to take it back. */

/** How long one stays, in milliseconds: twice the time that its words take to read. */
const STAYS_MS = 6_000

export interface Toast {
  id: number
  text: string
  undo: (() => void) | undefined
}

class Toasts {
  shown = $state<Toast[]>([])
  #next = 0

  add(text: string, undo?: () => void): void {
    const id = this.#next++
    this.shown.push({ id, text, undo })
    setTimeout(() => this.remove(id), STAYS_MS)
  }

  remove(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id)
  }
}

export const toasts = new Toasts()

/** Shows and announces it. */
export function toast(text: string, undo?: () => void): void {
  toasts.add(text, undo)
}
