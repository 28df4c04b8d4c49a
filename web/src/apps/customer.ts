import { start } from '../start'

start('customer', () => import('./Customer.svelte'))
