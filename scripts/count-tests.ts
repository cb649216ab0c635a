/** Prints `N passed, N failed, N skipped` of a vitest JSON report; exits 1 when there is none, or nothing ran. */
import { existsSync, readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly numPendingTests: number;
}

const file = process.argv[2] ?? '';
const none: Report = { numPassedTests: 0, numFailedTests: 0, numFailedTestSuites: 1, numPendingTests: 0 };
const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : none;
// A file that fails to load has no failed test, but it is a failure all the same.
const failed = Math.max(report.numFailedTests, report.numFailedTestSuites > 0 ? 1 : 0);
const skipped = report.numPendingTests > 0 ? `, ${report.numPendingTests} skipped` : '';
console.log(`${report.numPassedTests} passed, ${failed} failed${skipped}`);
process.exitCode = report.numPassedTests === 0 || failed > 0 ? 1 : 0;
