import { arrow } from './arrow.ts';
import { furtherVersions } from './further-versions.ts';
import { growth } from './growth.ts';
import { starts } from './starts.ts';
import type { Study } from './study.ts';

export const studies: readonly Study[] = [starts, furtherVersions, growth, arrow];
