import { Command, CommanderError } from 'commander';

import { packageVersion } from '../util/package-version.ts';
import { deployCommand } from './commands/deploy.ts';
import { diffCommand } from './commands/diff.ts';
import { graphCommand } from './commands/graph.ts';
import { lockCommand } from './commands/lock.ts';
import { modelsCommand } from './commands/models.ts';
import { predictCommand } from './commands/predict.ts';
import { serveCommand } from './commands/serve.ts';
import { statusCommand } from './commands/status.ts';
import { typesCommand } from './commands/types.ts';
import { undeployCommand } from './commands/undeploy.ts';
import { reportError } from './report-error.ts';

const exitUsage = 2;

/** Runs the command line and leaves its exit code in `process.exitCode`. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('countersign')
    .description('Serve a model of an MLflow registry, by name, as a typed, versioned HTTP API.')
    .version(packageVersion, '--version', 'show the version')
    .helpOption('-h, --help', 'show this; `countersign COMMAND --help` says more')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        write(`countersign: ${usageError(text)}\n`);
      },
    })
    .showHelpAfterError('  `countersign --help` lists the commands.');
  for (const command of [
    serveCommand(),
    predictCommand(),
    modelsCommand(),
    lockCommand(),
    diffCommand(),
    graphCommand(),
    typesCommand(),
    deployCommand(),
    statusCommand(),
    undeployCommand(),
  ]) {
    command.exitOverride().copyInheritedSettings(program);
    // `-h` of serve is MLflow's host, and deploy takes the flags of serve.
    command.helpOption(['serve', 'deploy'].includes(command.name()) ? '--help' : '-h, --help', 'show this');
    program.addCommand(
      command.showHelpAfterError(`  \`countersign ${command.name()} --help\` lists its options.`),
    );
  }
  try {
    await program.parseAsync([...argv]);
  } catch (thrown) {
    if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : exitUsage;
    else process.exitCode = reportError(thrown, process.stderr);
  }
}

/** Commander's words in ours: `unknown option '--prot'; did you mean --port?` */
function usageError(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replace(/\.?\n\(Did you mean (.*)\?\)$/, '; did you mean $1?');
}
