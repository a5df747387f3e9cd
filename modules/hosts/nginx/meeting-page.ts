import type { Blueprint } from "../../planning/blueprint/index.ts";
import { COLOUR, classificationText, escapeHtml, legalLinks, logoPlace } from "./page.ts";

/** Parts of the client's page that are ours: the client ships them empty, for whoever runs it. */
export const OWN_INCLUDES = ["head", "title", "body"] as const;

/** What a person reads in place of the meeting, by the id that programs/meeting.js shows it by. */
const NOTICES = {
  early: [
    "De vergadering is nog niet begonnen",
    "U kunt erin vanaf <time></time>. Deze pagina opent haar dan vanzelf.",
    "The meeting has not begun",
    "You can enter from <time></time>. This page opens it by itself then.",
  ],
  ended: [
    "De vergadering is afgelopen",
    "De uitnodiging gold tot <time></time>. Vraag degene die u uitnodigde om een nieuwe.",
    "The meeting has ended",
    "The invitation was valid until <time></time>. Ask whoever invited you for a new one.",
  ],
  mistyped: [
    "De link is niet goed overgenomen",
    "In de naam van de vergadering is een teken verkeerd. Gebruik de link uit de uitnodiging.",
    "The link was not copied well",
    "A character of the meeting's name is wrong. Use the link of the invitation.",
  ],
  incomplete: [
    "De link is niet heel",
    "De naam van een vergadering laat niemand binnen. Gebruik de hele link uit de uitnodiging, ook wat na het hekje (#) staat.",
    "The link is not whole",
    "A meeting's name alone lets nobody in. Use the whole link of the invitation, with all that follows the number sign (#).",
  ],
  other: [
    "De link hoort bij een andere vergadering",
    "Naam en toegang horen niet bij elkaar. Gebruik de link uit de uitnodiging.",
    "The link belongs to another meeting",
    "Name and admission do not belong together. Use the link of the invitation.",
  ],
} as const;

/** Each notice in both languages; programs/meeting.js shows one, in the browser's language. */
const notices = (): string[] =>
  Object.entries(NOTICES).flatMap(([id, [titleNl, nl, titleEn, en]]) => [
    `<section data-notice="${id}" lang="nl"><h1>${titleNl}</h1><p>${nl}</p></section>`,
    `<section data-notice="${id}" lang="en"><h1>${titleEn}</h1><p>${en}</p></section>`,
  ]);

/**
 * What stands in the client's page beside the client: before its scripts the one that looks at the link, its title, and
 * in its body the classification, the links and what a person reads who can't be let in.
 */
export function meetingIncludes(
  blueprint: Blueprint,
): Readonly<Record<(typeof OWN_INCLUDES)[number], string>> {
  const organisation = escapeHtml(blueprint.organisation);
  const logo = logoPlace(blueprint);
  const links = legalLinks(blueprint, ' target="_blank" rel="noopener noreferrer"');
  const head = [
    // Before the client's own, which read the address while they load.
    '<script src="/address.js"></script>',
    '<link rel="stylesheet" href="/meeting.css">',
    '<script src="/meeting.js" type="module"></script>',
  ];
  const title = [
    `<title>Vergaderen · ${organisation}</title>`,
    `<link rel="icon" href="${logo ?? "images/favicon.svg"}">`,
  ];
  const body = [
    '<aside id="polder-classification" lang="nl" aria-label="Rubricering">',
    `<span>${classificationText(blueprint)}</span>`,
    ...links,
    "</aside>",
    '<div id="polder-notice" role="alert" hidden>',
    ...(logo ? [`<img src="${logo}" alt="${organisation}">`] : []),
    ...notices(),
    '<p data-try lang="nl"><button type="button">Toch proberen</button> Als de klok van dit apparaat verkeerd staat.</p>',
    '<p data-try lang="en"><button type="button">Try anyway</button> If this device\'s clock is wrong.</p>',
    "</div>",
  ];
  const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
  return { head: text(head), title: text(title), body: text(body) };
}

/** Beside the client's own styles: a strip that leaves the buttons free, above the client's chat (z-index 300), and the notice over all. */
export const meetingStyle = ({ branding: { colour = COLOUR } }: Blueprint): string => `\
#polder-classification {
  position: fixed;
  z-index: 302;
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
  text-align: center;
  font: 0.8125rem/1.5 system-ui, sans-serif;
  pointer-events: none;
}
#polder-classification a { color: #fff; text-decoration: underline; font-weight: inherit; pointer-events: auto; }
#polder-classification a:focus-visible { outline: 2px solid #fff; }
#polder-notice {
  box-sizing: border-box;
  position: fixed;
  inset: 0;
  z-index: 200;
  overflow: auto;
  padding: 15vh 1.5rem 1.5rem;
  background: #f3f5f8;
  color: #1b2733;
  font: 1.125rem/1.6 system-ui, sans-serif;
}
#polder-notice[hidden], #polder-notice [hidden] { display: none; }
#polder-notice > * { max-width: 36rem; margin: 0 auto 1rem; }
#polder-notice img { display: block; max-height: 6rem; }
#polder-notice h1 { margin: 0 0 1rem; color: ${colour}; font-size: 2rem; line-height: 1.25; }
#polder-notice button {
  margin-right: 0.5rem;
  padding: 0.5rem 1rem;
  border: 0;
  border-radius: 0.25rem;
  background: ${colour};
  color: #fff;
  font: inherit;
  cursor: pointer;
}
#polder-notice button:focus-visible { outline: 3px solid #0b5394; outline-offset: 2px; }
`;

/**
 * Jitsi's blue and red have a contrast of 3.5 with white, and WCAG 2.2 asks for 4.5 (1.4.3): these stand in their place where words on
 * buttons are white, and where a moderator admits and rejects by words on white. Tokens: features/base/ui/Tokens.ts of jitsi-meet
 * abf901a45. This blue has 4.7 with white, and 3.1 with the client's dark surfaces (1.4.11 asks for 3); the red 5.7.
 */
const [BLUE, RED] = ["#3371d6", "#c2293c"];
const READABLE = {
  action01: BLUE,
  action01Hover: BLUE,
  action01Active: BLUE,
  notificationActionText: BLUE,
  notificationErrorText: RED,
};

/**
 * What Jitsi's client calls branding, which it fetches when it starts. Keys: features/dynamic-branding/reducer.ts of
 * jitsi-meet abf901a45. An instance's own colour stands on buttons before a meeting alone: in a meeting they lie on nearly black,
 * where an own colour may be hard to see.
 */
export function brandingFile(blueprint: Blueprint): string {
  const { colour, background } = blueprint.branding;
  const logo = logoPlace(blueprint);
  const branding = {
    defaultBranding: false,
    ...(logo && { logoImageUrl: logo }),
    ...(background && { backgroundColor: background, premeetingBackground: background }),
    customTheme: {
      palette: {
        ...READABLE,
        ...(colour && {
          prejoinActionButtonPrimary: colour,
          prejoinActionButtonPrimaryHover: colour,
        }),
      },
    },
  };
  return `${JSON.stringify(branding, null, 2)}\n`;
}
