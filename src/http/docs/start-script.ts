/** Starts Swagger UI on the page's own document. A file of its own, because the page allows no inline script. */
export const startScript = `'use strict';
const place = document.getElementById('reference');
const { openapi, tag, operation } = place.dataset;
const open = () => {
  // The way to call the one model is open at once, unless the address names another operation.
  if (operation && location.hash.length < 2) ui.layoutActions.show(['operations', tag, operation], true);
};
const ui = SwaggerUIBundle({
  url: openapi,
  onComplete: open,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  docExpansion: operation ? 'list' : 'none',
  defaultModelsExpandDepth: -1,
  defaultModelExpandDepth: 3,
  validatorUrl: null,
});
`;
