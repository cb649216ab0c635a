import type { Asked } from '../contestants.ts';
import type { Prepared } from '../prepare.ts';
import type { Launch } from '../server.ts';

/** Another model server, to be asked in the words of MLflow's protocol. */
export interface Peer {
  readonly name: string;
  launch(prepared: Prepared, asked: Asked): Launch;
}
