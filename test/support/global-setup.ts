/**
 * Integration tests make what they need (Python environments, servers) when they first need it; see
 * `python-env.ts`. What many of them share is made here once, so that no single test pays for it.
 */
export default async function setup(): Promise<void> {
  const { pythonEnv } = await import('./python-env.ts');
  await pythonEnv('mlflow3');
}
