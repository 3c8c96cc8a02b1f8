export { didYouMean, suggest } from '../text/suggest.js'
