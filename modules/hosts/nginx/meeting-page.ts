import type { Blueprint } from "../../planning/blueprint/index.ts";
import { COLOUR, classificationText, escapeHtml, legalLinks, logoPlace } from "./page.ts";

/** Parts of the client's page that are ours: the client ships them empty, for whoever runs it. */
export const OWN_INCLUDES = ["head", "title", "body"] as const;

/**
 * What stands in the client's page beside the client: its title, and in its body the
 * classification and the links.
 */
export function meetingIncludes(
  blueprint: Blueprint,
): Readonly<Record<(typeof OWN_INCLUDES)[number], string>> {
  const organisation = escapeHtml(blueprint.organisation);
  const logo = logoPlace(blueprint);
  const links = legalLinks(blueprint, ' target="_blank" rel="noopener noreferrer"');
  const head = ['<link rel="stylesheet" href="/meeting.css">'];
  const title = [
    `<title>Vergaderen · ${organisation}</title>`,
    `<link rel="icon" href="${logo ?? "images/favicon.svg"}">`,
  ];
  const body = [
    '<aside id="polder-classification" lang="nl" aria-label="Rubricering">',
    `<span>${classificationText(blueprint)}</span>`,
    ...links,
    "</aside>",
  ];
  const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
  return { head: text(head), title: text(title), body: text(body) };
}

/** Beside the client's own styles: a strip that leaves the buttons free. */
export const meetingStyle = ({ branding: { colour = COLOUR } }: Blueprint): string => `\
#polder-classification {
  position: fixed;
  z-index: 300;
  top: 0;
  inset-inline: 0;
  display: flex;
  flex-wrap: wrap;
  justify-content: center;
  gap: 0 1.25rem;
  box-sizing: border-box;
  width: max-content;
  max-width: 100%;
  margin: 0 auto;
  padding: 0.1rem 0.75rem;
  border-radius: 0 0 0.25rem 0.25rem;
  background: ${colour};
  color: #fff;
  font: 0.8125rem/1.5 system-ui, sans-serif;
  pointer-events: none;
}
#polder-classification a { color: #fff; text-decoration: underline; font-weight: inherit; pointer-events: auto; }
#polder-classification a:focus-visible { outline: 2px solid #fff; }
`;

/**
 * What Jitsi's client calls branding, which it fetches when it starts. Keys: features/dynamic-branding/reducer.ts of
 * jitsi-meet abf901a45. Its main colour is that of links, too, which stand on nearly black: only the buttons before a
 * meeting get ours.
 */
export function brandingFile(blueprint: Blueprint): string {
  const { colour, background } = blueprint.branding;
  const logo = logoPlace(blueprint);
  const branding = {
    defaultBranding: false,
    ...(logo && { logoImageUrl: logo }),
    ...(background && { backgroundColor: background, premeetingBackground: background }),
    ...(colour && {
      customTheme: {
        palette: { prejoinActionButtonPrimary: colour, prejoinActionButtonPrimaryHover: colour },
      },
    }),
  };
  return `${JSON.stringify(branding, null, 2)}\n`;
}
