import { takeReturn } from '../lib/paymentWindow'
import { start } from '../start'

takeReturn()
start('customer', () => import('./Customer.svelte'), ['restaurants', 'cart'])
