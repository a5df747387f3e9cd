import { expect, it } from "vitest";
import { changedFiles } from "./drift.ts";

it("names packages' files that were changed or are gone, but for the tree's and an image's left-out pages", () => {
  const said = [
    "missing     /usr/share/doc/bash/README",
    "missing     /usr/bin/age",
    "??5??????   /usr/sbin/nginx",
    "??5?????? c /etc/pam.d/sshd",
    "?M5?????? c /etc/issue",
    "?M???????   /usr/bin/su",
    "",
  ];
  expect(changedFiles(said.join("\n"), new Set(["/etc/issue"]))).toEqual([
    "/usr/bin/age of a package is missing",
    "/usr/sbin/nginx isn't what its package brought",
    "/etc/pam.d/sshd isn't what its package brought",
  ]);
});
