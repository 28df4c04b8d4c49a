/** The rules of a shop while they are edited: what stands, a draft of it, and what a save was refused for. */

import type { RestaurantRules } from './api/types'
import { Ask } from './ask.svelte'
import { Resource } from './loaded.svelte'
import type { Rest } from './rest'

export class RulesDraft {
  readonly kept = new Resource<RestaurantRules>(() => false)
  readonly saving = new Ask()
  draft = $state<RestaurantRules | null>(null)

  constructor(
    private readonly rest: Rest,
    private readonly id: string,
  ) {}

  async load(): Promise<void> {
    await this.kept.load(() => this.rest.get<RestaurantRules>(this.#path))
    if (this.kept.now.state === 'ready') this.draft = structuredClone(this.kept.now.value)
  }

  /** Saves the draft; whoever was slower than somebody else sees what stands. Resolves to whether it was saved. */
  async save(): Promise<boolean> {
    const draft = $state.snapshot(this.draft) as RestaurantRules | null
    if (!draft) return false
    const kept = await this.saving.run(() => this.rest.put<RestaurantRules>(this.#path, draft))
    if (kept) {
      this.kept.set(kept)
      this.draft = structuredClone(kept)
    } else if (this.saving.problem?.isStale) {
      await this.load()
    }
    return kept !== undefined
  }

  get #path(): string {
    return `/v1/restaurants/${this.id}/rules`
  }
}
