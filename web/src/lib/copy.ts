/** Fetches a copy of one's data with the end of its link. The answer is a file, not JSON to be read here. */

import type { ProblemBody } from './frames'
import { Problem } from './problem'

export async function fetchCopy(secret: string, language: string): Promise<Blob> {
  let response: Response
  try {
    response = await fetch('/v1/users/copies', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-language': language },
      body: JSON.stringify({ secret }),
      cache: 'no-store',
    })
  } catch {
    throw Problem.unreachable()
  }
  if (!response.ok) throw new Problem((await response.json()) as ProblemBody)
  return response.blob()
}
