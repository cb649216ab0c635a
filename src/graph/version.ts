/** The one version of a composed model: it changes with the config, which is read once. */
export const graphVersion = '1';
