import type { Blueprint } from "../../planning/blueprint/index.ts";
import { type JitsiFragments, type Reference, reference } from "../configuration/index.ts";

export const WEB_ROOT = "/usr/local/share/polder/web";

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Where the organisation's logo is served, where it has one. */
export const logoPlace = ({ branding: { logo } }: Blueprint): string | undefined =>
  logo && `/logo.${logo.type}`;

/** Up to which classification people may confer here, in both languages, as HTML. */
export function classificationText({ classification }: Blueprint): string {
  const { marking, tbb } = classification;
  const [dutch, english] =
    marking === "none"
      ? ["Niet voor gerubriceerde informatie", "Not for classified information"]
      : [
          `Vergaderen mag hier tot en met ${marking} (TBB ${tbb})`,
          `Confer here up to ${marking} (TBB ${tbb})`,
        ];
  return `${dutch} · <span lang="en">${english}</span>`;
}

/** Links to who is responsible and to the privacy statement, where the instance file names them. */
export const legalLinks = ({ branding: { imprint, privacy } }: Blueprint, more = ""): string[] => [
  ...(imprint
    ? [`<a href="${escapeHtml(imprint)}"${more}>Colofon · <span lang="en">Imprint</span></a>`]
    : []),
  ...(privacy ? [`<a href="${escapeHtml(privacy)}"${more}>Privacy</a>`] : []),
];

const html = (
  blueprint: Blueprint,
  title: string,
  body: readonly string[],
  head: readonly string[] = [],
): string => {
  const logo = logoPlace(blueprint);
  const links = legalLinks(blueprint);
  return [
    "<!doctype html>",
    '<html lang="nl">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title>`,
    '<link rel="stylesheet" href="/style.css">',
    ...(logo ? [`<link rel="icon" href="${logo}">`] : []),
    ...head,
    "</head>",
    "<body>",
    `<header><p id="classification">${classificationText(blueprint)}</p></header>`,
    "<main>",
    ...(logo ? [`<img id="logo" src="${logo}" alt="${escapeHtml(blueprint.organisation)}">`] : []),
    ...body,
    "</main>",
    ...(links.length > 0 ? ["<footer>", ...links, "</footer>"] : []),
    "</body>",
    "</html>",
    "",
  ].join("\n");
};

/** Whether a meeting's name is typed well: see programs/name.js. Without the script nothing of it shows. */
const CHECK = [
  '<section id="check" hidden>',
  '<h2><label for="name">Naam van een vergadering nakijken · <span lang="en">Check a meeting\'s name</span></label></h2>',
  '<input id="name" maxlength="100" autocomplete="off" autocapitalize="none" spellcheck="false">',
  '<div role="status">',
  '<p data-when="short" hidden>Er ontbreken nog tekens. <span lang="en">Some characters are missing.</span></p>',
  '<p data-when="wrong" hidden>Er is een teken verkeerd: vraag de naam nog eens. <span lang="en">A character is wrong: ask for the name again.</span></p>',
  '<p data-when="right" hidden>Goed getypt. De naam alleen laat niemand binnen: gebruik de hele link uit de uitnodiging.',
  '<span lang="en">Typed well. A name alone lets nobody in: use the whole link of the invitation.</span></p>',
  "</div>",
  "</section>",
];

/** What people can do here, where Jitsi's client is. */
export const ARRIVE: JitsiFragments["arrive"] = [
  "Open de link uit uw uitnodiging om aan een vergadering deel te nemen.",
  "Open the link of your invitation to take part in a meeting.",
];

/** The page of the service itself. It loads nothing from elsewhere. */
export function landingPage(
  blueprint: Blueprint,
  [dutch, english]: JitsiFragments["arrive"],
): string {
  const { organisation, domain } = blueprint;
  const [who, where] = [escapeHtml(organisation), escapeHtml(domain)];
  const body = [
    "<h1>Videovergaderen</h1>",
    `<p>Dit is de vergaderdienst van <strong>${who}</strong>, <code>${where}</code>.</p>`,
    `<p>${dutch}</p>`,
    '<p>Kwetsbaarheid gevonden? <a href="/.well-known/security.txt">Zo meldt u die</a>.</p>',
    "<hr>",
    '<section lang="en">',
    "<h2>Video meetings</h2>",
    `<p>This is the meeting service of <strong>${who}</strong>. ${english}</p>`,
    '<p>Found a vulnerability? <a href="/.well-known/security.txt">How to report it</a>.</p>',
    "</section>",
    ...CHECK,
  ];
  return html(blueprint, `Vergaderen · ${who}`, body, [
    '<script src="/page.js" type="module"></script>',
  ]);
}

/**
 * Says nothing about what was asked, nor about the program that refused it. The page's own script looks at the address:
 * whether it is a meeting's name with a character too many or too few.
 */
export const refusedPage = (blueprint: Blueprint): string =>
  html(
    blueprint,
    "Niet beschikbaar",
    [
      "<h1>Niet beschikbaar</h1>",
      "<p>Deze pagina bestaat niet of is niet bereikbaar.</p>",
      '<p lang="en">Not available: this page does not exist or cannot be reached.</p>',
      '<p id="mistyped" hidden>De link is niet heel: er ontbreken tekens, of er staan er te veel. Gebruik de hele link uit de uitnodiging.',
      '<span lang="en">The link is not whole: characters are missing, or there are too many. Use the whole link of the invitation.</span></p>',
      '<p><a href="/">Naar het begin · <span lang="en">Start</span></a></p>',
    ],
    ['<script src="/page.js" type="module"></script>'],
  );

/** Where Jitsi's client sends a browser that can't meet; its own pages for that are in English alone, without style. */
export const unsupportedPage = (blueprint: Blueprint): string =>
  html(blueprint, "Browser niet geschikt", [
    "<h1>Deze browser kan niet vergaderen</h1>",
    "<p>Open de link uit uw uitnodiging in een recente Firefox, Chrome, Edge of Safari. Staat WebRTC uit, zet het dan aan.</p>",
    '<section lang="en">',
    "<h2>This browser can not hold a meeting</h2>",
    "<p>Open the link of your invitation in a recent Firefox, Chrome, Edge or Safari. If WebRTC is off, switch it on.</p>",
    "</section>",
  ]);

/** Rijkshuisstijl's dark blue, where the instance file names no colour. */
export const COLOUR = "#154273";

export const style = ({
  branding: { colour = COLOUR },
}: Blueprint): string => `:root { color-scheme: light dark; }
body {
  margin: 0;
  min-height: 100vh;
  display: grid;
  grid-template: auto 1fr auto / minmax(0, 1fr);
  justify-items: center;
  background: #f3f5f8;
  color: #1b2733;
  font: 1.125rem/1.6 system-ui, sans-serif;
}
header {
  box-sizing: border-box;
  width: 100%;
  padding: 0.25rem 1.5rem;
  background: ${colour};
  color: #fff;
  text-align: center;
}
header p { margin: 0; }
footer { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; padding: 0 1.5rem 1.5rem; }
#logo { display: block; max-width: 100%; max-height: 6rem; margin-bottom: 1.5rem; }
main {
  max-width: 36rem;
  margin: 1.5rem clamp(0px, 3vw, 1.5rem);
  align-self: center;
  padding: 2rem clamp(1rem, 5vw, 2.5rem);
  background: #fff;
  border-top: 0.4rem solid ${colour};
  border-radius: 0.25rem;
}
h1, h2 { line-height: 1.25; color: ${colour}; }
h1 { margin-top: 0; font-size: 2rem; }
h2 { font-size: 1.35rem; }
hr { margin: 2rem 0; border: 0; border-top: 1px solid #c4ccd6; }
code { overflow-wrap: anywhere; }
input { box-sizing: border-box; width: 100%; padding: 0.5rem; font: 1rem/1.6 ui-monospace, monospace; }
a { color: #0b5394; }
a:focus-visible { outline: 3px solid #0b5394; outline-offset: 2px; }
@media (prefers-color-scheme: dark) {
  body { background: #10161d; color: #e6ebf0; }
  main { background: #1a232d; border-top-color: #7fb2ea; }
  h1, h2 { color: inherit; }
  #logo { padding: 0.5rem; background: #fff; }
  hr { border-top-color: #3b4957; }
  a { color: #9cc7f7; }
  a:focus-visible { outline-color: #9cc7f7; }
}
`;

export const ROBOTS = "User-agent: *\nDisallow: /\n";

/**
 * RFC 9116. Its end is a date, and what is rendered here knows no clock: converge fills it in, as it
 * does a secret, and renews it in time.
 */
export const securityText = ({ securityContact, domain }: Blueprint): string => {
  const expires: Reference = reference("web/security-txt-expires");
  return [
    `Contact: ${securityContact}`,
    `Expires: ${expires}`,
    "Preferred-Languages: nl, en",
    `Canonical: https://${domain}/.well-known/security.txt`,
    "",
  ].join("\n");
};
