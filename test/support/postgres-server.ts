import { execFile } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { accessSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { freePort, startServer } from './server-process.ts';

const run = promisify(execFile);

export interface PostgresServer {
  /** A URI with user and password. */
  readonly uri: string;
  stop(): Promise<void>;
}

/** Folder of Debian's or any other PostgreSQL's programs; null if none is installed. */
export async function postgresPrograms(): Promise<string | null> {
  const debian = '/usr/lib/postgresql';
  const releases = (await readdir(debian).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const folders = [...releases.map((release) => join(debian, release, 'bin')), ...path];
  return folders.find((folder) => exists(join(folder, 'initdb')) && exists(join(folder, 'postgres'))) ?? null;
}

/** A cluster of its own in a temporary folder. PostgreSQL refuses to run as root, so root runs it as `postgres`. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-postgres-'));
  const user = process.getuid?.() === 0 ? await idsOf('postgres') : null;
  if (user !== null) await chown(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const init = ['-D', data, '-U', 'mlflow', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
  await run(join(programs, 'initdb'), init, { ...user, cwd: directory });
  const port = await freePort();
  const args = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', directory, '-F'];
  const server = await startServer(
    { command: join(programs, 'postgres'), args, cwd: directory, ...user },
    () =>
      run(join(programs, 'psql'), [
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-U',
        'mlflow',
        '-d',
        'postgres',
        '-c',
        '',
      ]).then(
        () => true,
        () => false,
      ),
  );
  return {
    uri: `postgresql://mlflow:not-for-logs@127.0.0.1:${String(port)}/postgres`,
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true });
    },
  };
}

async function idsOf(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, name])));
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
