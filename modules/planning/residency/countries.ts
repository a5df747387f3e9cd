/** Members of the European Economic Area, ISO 3166-1 alpha-2 (30: the EU's 27, IS, LI and NO). */
const EEA =
  "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split(
    " ",
  );

export const inEea = (country: string): boolean => EEA.includes(country);
