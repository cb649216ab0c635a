import { arrow } from './arrow.ts';
import { environments } from './environments.ts';
import { furtherVersions } from './further-versions.ts';
import { growth } from './growth.ts';
import { starts } from './starts.ts';
import type { Study } from './study.ts';

export const studies: readonly Study[] = [starts, environments, furtherVersions, growth, arrow];
