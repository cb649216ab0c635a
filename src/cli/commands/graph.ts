import { Command } from 'commander';

import { countersignError } from '../../errors/countersign-error.ts';
import { drawMermaid } from '../../graph/draw-mermaid.ts';
import { drawTree } from '../../graph/draw-tree.ts';
import { parseGraphs } from '../../graph/parse-graphs.ts';
import { cliContext } from '../context.ts';

export function graphCommand(): Command {
  return new Command('graph')
    .description('Print the composed models of the config file, as a tree or as a Mermaid flowchart.')
    .argument('[NAME...]', 'composed models; default: all of them')
    .option('--mermaid', 'as a Mermaid flowchart, for documents')
    .option('--config <FILE>', 'config file; default: countersign.config.{ts,js,json,yaml}')
    .action(async (names: readonly string[], { mermaid, ...flags }: { mermaid?: boolean }) => {
      const { options } = await cliContext(flags);
      const graphs = parseGraphs(options.graphs);
      const known = [...graphs.keys()];
      for (const name of names) {
        if (!graphs.has(name)) throw countersignError('MODEL_NOT_FOUND', name, known);
      }
      const shown = names.length === 0 ? known : names;
      if (shown.length === 0) process.stdout.write('No composed models: the config has no `graphs`.\n');
      else process.stdout.write(mermaid === true ? drawMermaid(shown, graphs) : drawTree(shown, graphs));
    });
}
