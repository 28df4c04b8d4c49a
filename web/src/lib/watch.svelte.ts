/** Work that follows a value. */

import { untrack } from 'svelte'

/**
 * Runs `work` now and at each change of what `of` answers, after the clean-up that it returned
 * the last time.
 *
 * Only `of` is followed. What the work reads starts nothing: work that asks the server reads and
 * writes state of its own, and as a plain effect it would start itself again, without end.
 */
export function watch<T>(of: () => T, work: (value: T) => void | (() => void)): void {
  const value = $derived(of())
  $effect(() => {
    const now = value
    return untrack(() => work(now))
  })
}
