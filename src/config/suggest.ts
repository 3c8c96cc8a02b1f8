export { didYouMean, suggest } from '../inventory/suggest.js'
