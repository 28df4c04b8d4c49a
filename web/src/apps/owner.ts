import { start } from '../start'

start('owner', () => import('./Owner.svelte'))
