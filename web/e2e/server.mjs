/** The server that the story talks to. */

const password = process.env.DEMO_PASSWORD ?? 'password1'

export function startServer() {
  const base = (process.env.BASE_URL ?? 'http://127.0.0.1:9102').replace(/\/$/, '')
  return {
    base,
    accounts: {
      owner: { email: process.env.OWNER_EMAIL ?? 'owner@demo', password },
      courier: { email: process.env.COURIER_EMAIL ?? 'courier@demo', password },
      agent: { email: process.env.AGENT_EMAIL ?? 'agent@demo', password },
    },
    stop: () => Promise.resolve(),
  }
}
