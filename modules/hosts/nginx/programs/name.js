// A meeting's name, as the command line has it: whether it is typed as it was read aloud. No server is asked, which
// answers mistyped and wrong alike.

// Luhn's check modulo 32, over 0 to 9 and the letters that aren't mistaken for others.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
export const length = 47;

// As it was meant: case, blanks and hyphens don't matter, o is 0, i and l are 1.
export function meant(typed) {
  return typed.toLowerCase().replace(/[\s-]/g, "").replaceAll("o", "0").replace(/[il]/g, "1");
}

export function isWellTyped(name) {
  let sum = 0;
  for (let i = 0; i < name.length; i++) {
    const value = alphabet.indexOf(name[i]);
    if (value < 0) return false;
    const product = (i % 2 === name.length % 2 ? 2 : 1) * value;
    sum += Math.floor(product / 32) + (product % 32);
  }
  return name.length === length && sum % 32 === 0;
}
