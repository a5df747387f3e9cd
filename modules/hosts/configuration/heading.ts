/**
 * First line of a rendered file, so that nobody edits what the next converge puts back.
 *
 * @param mark what starts a comment in the file's language
 */
export const heading = (mark = "#"): string =>
  `${mark} Rendered by polder from the Blueprint. Don't edit it here: the next converge puts it back.`;
