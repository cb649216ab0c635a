import { Command, CommanderError } from 'commander';

import { CountersignError } from '../errors/countersign-error.ts';
import { diffCommand } from './commands/diff.ts';
import { lockCommand } from './commands/lock.ts';
import { modelsCommand } from './commands/models.ts';
import { serveCommand } from './commands/serve.ts';
import { version } from './version.ts';

const exitUsage = 2;

/** Runs the command line and leaves its exit code in `process.exitCode`. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('countersign')
    .description('Serve a model of an MLflow registry, by name, as a typed, versioned HTTP API.')
    .version(version())
    .helpOption('--help', 'show this')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'countersign: '));
      },
    })
    .showSuggestionAfterError(true)
    .showHelpAfterError('(countersign --help, or countersign COMMAND --help, says more)');
  for (const command of [serveCommand(), modelsCommand(), lockCommand(), diffCommand()]) {
    program.addCommand(command.exitOverride().copyInheritedSettings(program));
  }
  try {
    await program.parseAsync([...argv]);
  } catch (thrown) {
    process.exitCode = report(thrown);
  }
}

/** One clear line, and one that says what to do; a stack trace only for what should not happen. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : exitUsage;
  const error = CountersignError.from(thrown);
  process.stderr.write(`countersign: ${error.message}\n`);
  if (error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`);
  if (error.code === 'INTERNAL') process.stderr.write(`${traceOf(error.cause)}\n`);
  return error.exitCode;
}

function traceOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
