import type { RayApplication } from './instance.ts';
import { Replicas } from './replicas.ts';
import type { WayInUse } from './way.ts';

/** Which way a gateway where this runs would take to an application, and why: each of its replicas is tried once. */
export async function wayFromHere(application: string, there: RayApplication): Promise<WayInUse> {
  const replicas = new Replicas(application);
  try {
    await replicas.update(there);
    return replicas.way;
  } finally {
    await replicas.close();
  }
}
