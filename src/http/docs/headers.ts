import type { EndpointDescription } from '../../endpoint/endpoint.ts';
import { modelLinks, modelPath, type VersionView } from '../views.ts';
import { html, type Html } from './html.ts';

const brand = html`<a class="brand" href="/docs">countersign</a>`;

const bar = html`<nav class="bar">
  ${brand}<span class="links"
    ><a href="/models">models</a><a href="/docs/errors">errors</a><a href="/readyz">ready</a
    ><a href="/metrics">metrics</a></span
  >
</nav>`;

/** Of /docs: every model, the default one marked. */
export function overviewHeader(names: readonly string[], count: number, defaultName: string | null): Html {
  const links = names.map(
    (name) =>
      html`<a class="chip" href="${modelLinks(name).docs}"
        >${name}${name === defaultName ? html` <em>default</em>` : ''}</a
      >`,
  );
  const more =
    count > names.length ? html`<a class="chip" href="/models">${count - names.length} more</a>` : '';
  return html`<header>
    ${bar}
    <h1>${count} models</h1>
    <p class="lead">Each model is an API whose requests and answers are its MLflow signature.</p>
    <p class="chips">${links}${more}</p>
  </header>`;
}

/** Of one model: what it is, and its versions with how each fits the contract. */
export function modelHeader(description: EndpointDescription, versions: readonly VersionView[]): Html {
  const rows = versions.map((version) => versionRow(description, version));
  return html`<header>
    ${bar}
    <h1>${description.name}</h1>
    <p class="lead">
      ${description.description ?? 'Its requests and answers are the MLflow signature of the default version.'}
    </p>
    <table class="versions">
      <thead>
        <tr>
          <th>Version</th>
          <th>Aliases</th>
          <th>Contract</th>
          <th>State</th>
          <th>Its own API</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </header>`;
}

function versionRow(model: EndpointDescription, row: VersionView): Html {
  const pins = row.version === model.default;
  const fit = pins ? 'pins it' : row.compatibility === 'unknown' ? 'not compared yet' : row.compatibility;
  const own = `${modelPath(model.name)}/versions/${row.version}/openapi.json`;
  return html`<tr>
    <td>${row.version}${pins ? html` <em>default</em>` : ''}</td>
    <td>${row.aliases.map((alias) => `@${alias}`).join(', ')}</td>
    <td class="${pins ? 'pins' : row.compatibility}">${fit}</td>
    <td title="${row.reason}">${row.state}</td>
    <td><a href="${own}">openapi.json</a></td>
  </tr>`;
}

export const pageBar = bar;
