/** Our layer over Swagger UI: a header of our own, calmer type, nothing from elsewhere. */
export const style = `
:root { --ink: #1c2733; --soft: #5b6875; --line: #dfe4ea; --accent: #0b6e4f; --warn: #a4461b; }
body { margin: 0; background: #fff; color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif; }
header, main.errors, .note { max-width: 1460px; margin: 0 auto; padding: 0 20px; box-sizing: border-box; }
.bar { display: flex; justify-content: space-between; align-items: baseline; padding: 14px 0;
  border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; letter-spacing: .01em; color: var(--accent); text-decoration: none; }
.links a { margin-left: 18px; color: var(--soft); text-decoration: none; font-size: 14px; }
.links a:hover, .brand:hover { text-decoration: underline; }
h1 { margin: 28px 0 4px; font-size: 30px; line-height: 1.2; overflow-wrap: anywhere; }
.lead { margin: 0 0 14px; color: var(--soft); }
.chips { margin: 0 0 8px; }
.chip { display: inline-block; margin: 0 8px 8px 0; padding: 3px 12px; border: 1px solid var(--line);
  border-radius: 999px; color: var(--ink); text-decoration: none; font-size: 14px; }
.chip:hover { border-color: var(--accent); }
em { font-style: normal; font-size: 12px; color: var(--accent); }
header table, .errors table { border-collapse: collapse; font-size: 14px; }
.errors table { width: 100%; margin-bottom: 40px; }
header th, .errors th { padding: 6px 24px 6px 0; text-align: left; color: var(--soft); font-weight: 500; }
header td, .errors td { padding: 6px 24px 6px 0; border-top: 1px solid var(--line); vertical-align: top; }
header td a, .errors a { color: var(--accent); }
td.incompatible { color: var(--warn); } td.pins, td.identical, td.compatible { color: var(--accent); }
tr:target { background: #f1f8f5; }
.retry { color: var(--soft); }
.swagger-ui .info { margin: 24px 0 8px; }
.swagger-ui .info .title, .swagger-ui .info hgroup a, .swagger-ui .scheme-container { display: none; }
.swagger-ui .info .markdown p { color: var(--soft); max-width: 80ch; }
.swagger-ui .opblock-tag { font-size: 19px; padding-left: 0; }
.swagger-ui, .swagger-ui .info *, .swagger-ui .opblock-tag, .swagger-ui .opblock-tag small,
.swagger-ui .opblock-summary-description, .swagger-ui .markdown p, .swagger-ui label, .swagger-ui button,
.swagger-ui table, .swagger-ui td, .swagger-ui th, .swagger-ui h4, .swagger-ui .tab li { font-family: inherit; }
.swagger-ui .markdown code, .swagger-ui .renderedMarkdown code { color: var(--ink); background: #f2f4f7;
  font-weight: 500; padding: 1px 5px; border-radius: 3px; }
.swagger-ui a, .swagger-ui a.nostyle:visited { color: var(--accent); }
.swagger-ui .response:not([data-code^='2']) :is(.response-control-media-type, .model-example, .headers-wrapper)
  { display: none; }
.swagger-ui .live-responses-table .response :is(.response-control-media-type, .model-example) { display: block; }
.swagger-ui .response:not([data-code^='2']) td { padding-top: 2px; padding-bottom: 2px; }
.swagger-ui .response:not([data-code^='2']) .response-col_description p { margin: 0; }
.swagger-ui .response-col_links { display: none; }
.swagger-ui .parameters-col_description p, .swagger-ui .response-col_description p { font-size: 14px; }
.swagger-ui textarea.body-param__text { min-height: 130px; }
.swagger-ui .btn.execute { background: var(--accent); border-color: var(--accent); }
`;
