import { arrow } from './arrow.ts';
import { furtherVersions } from './further-versions.ts';
import { growth } from './growth.ts';
import type { Study } from './study.ts';

export const studies: readonly Study[] = [furtherVersions, growth, arrow];
