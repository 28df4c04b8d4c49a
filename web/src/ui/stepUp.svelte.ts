/**
 * Asks the signed-in person to prove once more who they are.
 *
 * Pages have nothing to do for it: the REST client calls `stepUp` where the server answers
 * `auth.step_up_required`, and sends the request again once they have proven it.
 */

class StepUp {
  /** What ends the question that is open; `null` where none is. */
  answer = $state.raw<((proven: boolean) => void) | null>(null)
}

export const steppingUp = new StepUp()
let open: Promise<boolean> | null = null

/** Resolves to whether they proved it. Requests that need it at the same time share one question. */
export function stepUp(): Promise<boolean> {
  open ??= new Promise((resolve) => {
    steppingUp.answer = (proven) => {
      steppingUp.answer = open = null
      resolve(proven)
    }
  })
  return open
}
