/** Runs the built command line, as an installed package would: `node built.ts ARGS`. */
const built = new URL('../dist/cli/main.js', import.meta.url).href;
const { main } = (await import(built)) as { main: (argv: readonly string[]) => Promise<void> };
await main(process.argv);
