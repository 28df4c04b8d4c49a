/** Asks before something that cannot be taken back. */

export interface Question {
  title: string
  /** What will happen. */
  text?: string
  /** What the button that does it is called: the deed, not "yes". */
  yes: string
  /** What the other button is called. */
  no?: string
  answer: (yes: boolean) => void
}

class Confirm {
  question = $state.raw<Question | null>(null)
}

export const confirming = new Confirm()

/** Resolves to whether it shall be done. */
export function confirm(question: Omit<Question, 'answer'>): Promise<boolean> {
  confirming.question?.answer(false)
  return new Promise((resolve) => {
    confirming.question = {
      ...question,
      answer: (yes) => {
        confirming.question = null
        resolve(yes)
      },
    }
  })
}
