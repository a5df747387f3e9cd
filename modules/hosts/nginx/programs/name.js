// The page's own look at a meeting's name, as the command line has it: whether it is typed as it was read aloud. It asks
// no server, which answers mistyped and wrong alike.

// Luhn's check modulo 32, over 0 to 9 and the letters that aren't mistaken for others.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const length = 47;

// As it was meant: case, blanks and hyphens don't matter, o is 0, i and l are 1.
function meant(typed) {
  return typed.toLowerCase().replace(/[\s-]/g, "").replaceAll("o", "0").replace(/[il]/g, "1");
}

function isWellTyped(name) {
  let sum = 0;
  for (let i = 0; i < name.length; i++) {
    const value = alphabet.indexOf(name[i]);
    if (value < 0) return false;
    const product = (i % 2 === name.length % 2 ? 2 : 1) * value;
    sum += Math.floor(product / 32) + (product % 32);
  }
  return name.length === length && sum % 32 === 0;
}

const field = document.getElementById("name");
field.addEventListener("input", () => {
  const name = meant(field.value);
  const state =
    name === "" ? "" : name.length < length ? "short" : isWellTyped(name) ? "right" : "wrong";
  for (const line of document.querySelectorAll("[data-when]"))
    line.hidden = line.dataset.when !== state;
});
document.getElementById("check").hidden = false;
