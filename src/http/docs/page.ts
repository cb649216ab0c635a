import { html, type Html } from './html.ts';

export const assetPath = '/docs/assets';

export interface ReferencePage {
  readonly title: string;
  readonly header: Html;
  /** Path of the OpenAPI document to show. */
  readonly openapi: string;
  /** The operation to show open, by its tag and id; of several models none is. */
  readonly open: { readonly tag: string; readonly operation: string } | null;
}

/** Swagger UI below a header of ours. */
export function referencePage({ title, header, openapi, open }: ReferencePage): Html {
  const body = html`${header}
    <main
      id="reference"
      data-openapi="${openapi}"
      data-tag="${open?.tag ?? ''}"
      data-operation="${open?.operation ?? ''}"
    ></main>
    <noscript
      ><p class="note">
        This page needs JavaScript; <a href="${openapi}">${openapi}</a> is the same for programs.
      </p></noscript
    >
    <script src="${assetPath}/swagger-ui-bundle.js"></script>
    <script src="${assetPath}/start.js"></script>`;
  return shell(title, body);
}

export function shell(title: string, body: Html): Html {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title} · countersign</title>
      <link rel="icon" href="${assetPath}/favicon-32x32.png" />
      <link rel="stylesheet" href="${assetPath}/swagger-ui.css" />
      <link rel="stylesheet" href="${assetPath}/countersign.css" />
    </head>
    <body>
      ${body}
    </body>
  </html> `;
}
