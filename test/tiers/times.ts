/** The time that the tests of each folder took, from one or more reports: `npm run test:times -- REPORT`. */
import { readFileSync } from 'node:fs'
import { type Report, timesOf } from './report.js'

const paths = process.argv.slice(2)
if (paths.length === 0)
  throw new Error('no report: npm test -- --reporter=default --reporter=json --outputFile.json=REPORT')
const reports: readonly Report[] = paths.map(path => JSON.parse(readFileSync(path, 'utf8')))
const rows = timesOf(reports.flatMap(({ testResults }) => testResults)).map(
  ({ folder, files, tests, seconds, share }) =>
    `| ${folder} | ${files} | ${tests} | ${seconds.toFixed(1)} | ${Math.round(share * 100)} % |`,
)
process.stdout.write(
  `${['| folder | files | tests | seconds | share |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')}\n`,
)
