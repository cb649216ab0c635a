import { describe, expect, it } from 'vitest';

import { caseLine, normalForm } from '../../conformance/normal-form.ts';

const normalBody = (body: unknown): string =>
  normalForm({ status: 400, contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) }).body;
const normalMessage = (message: string): unknown =>
  (JSON.parse(normalBody({ error_code: 'BAD_REQUEST', message })) as { message: unknown }).message;

describe('the normal form of an answer', () => {
  it('keeps a body that is no error as it was sent', () => {
    const body = Buffer.from('{"predictions":[1,  "/usr/lib/x"]}');
    expect(normalForm({ status: 200, contentType: null, body })).toEqual({
      body: body.toString(),
      content_type: null,
      status: 200,
    });
  });

  it("takes an error's stack trace away and keeps all else, in its order", () => {
    const sent = {
      error_code: 'BAD_REQUEST',
      message: 'ü',
      stack_trace: 'File',
      sqlstate: 'KAM00',
      hint: null,
    };
    expect(normalBody(sent)).toBe(
      '{"error_code": "BAD_REQUEST", "message": "ü", "sqlstate": "KAM00", "hint": null}',
    );
  });

  it.each([
    ['see /home/me/model.pkl, line 3', 'see <path>, line 3'],
    ["file '/a/b-c.d/e+f'", "file '<path>'"],
    ['<object at 0x7f3a2b10c9d0>', '<object at 0xADDR>'],
    ['https://mlflow.org/docs/latest/x.html', 'https://mlflow.org/docs/latest/x.html'],
    ['and/or 1/2/3 /single', 'and/or 1/2/3 /single'],
  ])('takes out of %s what is only true of one machine', (message, normal) => {
    expect(normalMessage(message)).toBe(normal);
  });

  it('cuts a message at 1500', () => {
    expect(normalMessage('x'.repeat(1500))).toBe('x'.repeat(1500));
    expect(normalMessage('x'.repeat(1501))).toBe(`${'x'.repeat(1500)}…`);
  });
});

describe('a line of cases', () => {
  it('is the JSON that Python writes, in ASCII', () => {
    expect(caseLine({ a: [1, 'ü\n"'], b: { c: null, d: 'a\u007f\ud83d' } })).toBe(
      '{"a": [1, "\\u00fc\\n\\""], "b": {"c": null, "d": "a\\u007f\\ud83d"}}',
    );
  });
});
