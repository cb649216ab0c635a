/** Starts Swagger UI on the page's own document. A file of its own, because the page allows no inline script. */
export const startScript = `'use strict';
const place = document.getElementById('reference');
SwaggerUIBundle({
  url: place.dataset.openapi,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  docExpansion: place.dataset.expand,
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  validatorUrl: null,
});
`;
