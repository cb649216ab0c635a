import { Faults } from '../values/faults.ts';
import type { FrameColumn } from './frame.ts';

/**
 * pandas takes the form of the first text for the whole column of a frame, and MLflow takes no zone there.
 * (Under `inputs` each text is read for itself, and offsets are converted.) Null where all is well.
 */
export function mixedForms({ cells, pointer }: FrameColumn): Faults | null {
  const forms = cells.map((cell) => (typeof cell === 'string' ? formOf(cell) : null));
  const first = forms.find((form) => form !== null);
  const odd = forms.findIndex((form) => form !== null && form !== first);
  return odd === -1
    ? null
    : Faults.of('expected the same form of datetime as in the first row', pointer(odd));
}

export function zoned({ cells, pointer }: FrameColumn): Faults | null {
  const row = cells.findIndex((cell) => typeof cell === 'string' && zone.test(cell));
  return row === -1
    ? null
    : Faults.of(
        'expected a datetime without a zone, as a frame takes it; `inputs` takes offsets',
        pointer(row),
      );
}

const zone = /(?:[Zz]|[+-]\d\d:?\d\d)$/;

function formOf(text: string): string {
  const [offset = ''] = zone.exec(text) ?? [];
  const clock = text.slice(0, text.length - offset.length);
  return clock.replace(/[.,]\d+/, '.f').replaceAll(/\d/g, 'd') + offset;
}
