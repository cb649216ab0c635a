import { fileURLToPath } from 'node:url';

/** The directory that holds the Python package `countersign_host`. */
export const hostDirectory = fileURLToPath(new URL('../../../python', import.meta.url));
