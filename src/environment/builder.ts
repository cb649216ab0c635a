/** What makes an isolated environment. */
export type Builder =
  { readonly kind: 'uv'; readonly command: readonly string[] } | { readonly kind: 'virtualenv' };
