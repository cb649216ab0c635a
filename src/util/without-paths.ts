const absolutePath = /(?<![\w:/.-])(?:(?:file|sqlite):)?\/(?:[^\s'"`;,()<>:/]*\/)+([^\s'"`;,()<>:/]*)/g;

/** A text for people outside of this machine: of each absolute path, or URI of a local file, only the last part is left. */
export function withoutPaths(text: string): string {
  return text.replace(absolutePath, '$1');
}
