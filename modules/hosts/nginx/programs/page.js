// What our own pages say by themselves: whether a name is typed well, on the first page, and whether the address of the
// page that refuses looks like a link that was cut.
import { isWellTyped, length, meant } from "./name.js";

const field = document.getElementById("name");
field?.addEventListener("input", () => {
  const name = meant(field.value);
  const state =
    name === "" ? "" : name.length < length ? "short" : isWellTyped(name) ? "right" : "wrong";
  for (const line of document.querySelectorAll("[data-when]"))
    line.hidden = line.dataset.when !== state;
});
if (field) document.getElementById("check").hidden = false;

// Long enough to be no word that somebody tried. A name of the right length has the meeting's page.
const mistyped = document.getElementById("mistyped");
if (mistyped) mistyped.hidden = !/^\/[0-9A-Za-z-]{30,80}$/.test(location.pathname);
