import { catalogue, type ErrorRow, httpStatus } from '../../errors/catalogue.ts';
import { titleOf } from '../problem.ts';
import { pageBar } from './headers.ts';
import { html, type Html } from './html.ts';
import { shell } from './page.ts';

/** What `type` of a problem document points to: every code, its status and what to do. */
export function errorsPage(): Html {
  const rows = Object.entries(catalogue).map(([code, row]) => errorRow(code, row));
  return shell(
    'Errors',
    html`<header>
        ${pageBar}
        <h1>Errors</h1>
        <p class="lead">Codes are permanent: match on <code>code</code>, not on the words.</p>
      </header>
      <main class="errors">
        <table>
          <thead>
            <tr>
              <th>Code</th>
              <th>Status</th>
              <th>What to do</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>
      </main>`,
  );
}

function errorRow(code: string, row: ErrorRow): Html {
  const again = row.retryable === true ? html` <span class="retry">A retry can help.</span>` : '';
  return html`<tr id="${code}">
    <td>
      <a href="#${code}"><code>${code}</code></a
      ><br />${titleOf(code)}
    </td>
    <td>${httpStatus[row.kind]}</td>
    <td>${prose(row.hint ?? '')}${again}</td>
  </tr>`;
}

/** Words in backticks as code. */
function prose(text: string): readonly Html[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}
