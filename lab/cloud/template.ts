/**
 * Fills `{{name}}` with values.
 *
 * @throws Error when the template asks for a name that has no value: that is a mistake in the lab
 */
export function render(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for {{${name}}}`);
    return value;
  });
}
