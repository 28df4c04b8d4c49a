import { start } from '../start'

start('agent', () => import('./Agent.svelte'))
