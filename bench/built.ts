/** Runs the built command line as bin/countersign.js of an installed package does: `node built.ts ARGS`. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const built = new URL('../dist/cli/main.js', import.meta.url).href;
const { main } = (await import(built)) as { main: (argv: readonly string[]) => Promise<void> };
await main(process.argv);
