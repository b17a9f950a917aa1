"use strict";
const { contract, example, reasons, token } = JSON.parse(document.getElementById("known").textContent);
const fields = [];
const AFTER_MS = 200; // a pause as long as this ends a word or a number
const place = (id) => document.getElementById(id);

/** Makes an element; text is never read as markup. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "style") for (const [property, chosen] of Object.entries(value)) made.style.setProperty(property, chosen);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// --- the form, of the contract's JSON Schema

function kindOf(schema) {
  const kinds = schema.anyOf ?? [schema];
  return { ...schema, ...kinds.find((kind) => kind.type !== "null"), missing: kinds.some((kind) => kind.type === "null") };
}

function bounds(kind) {
  const [from, to] = [kind.minimum, kind.maximum];
  const above = kind.exclusiveMinimum === undefined ? "" : `more than ${kind.exclusiveMinimum}`;
  const below = kind.exclusiveMaximum === undefined ? "" : `less than ${kind.exclusiveMaximum}`;
  if (from !== undefined && to !== undefined) return `${from} to ${to}`;
  const ends = [from === undefined ? above : `at least ${from}`, to === undefined ? below : `at most ${to}`];
  return ends.filter(Boolean).join(", ");
}

function widget(id, kind, required, described) {
  const common = { id, "aria-describedby": described };
  const choices = kind.enum ?? (kind.const === undefined ? null : [kind.const]);
  const options = choices ?? (kind.type === "boolean" && !required ? [false, true] : null);
  if (options) {
    const words = { false: "no", true: "yes" };
    const made = options.map((option) => element("option", { value: JSON.stringify(option) }, words[option] ?? option));
    if (!required) made.unshift(element("option", { value: "" }, "(left empty)"));
    return element("select", common, ...made);
  }
  if (kind.type === "boolean") return element("input", { ...common, type: "checkbox" });
  const step = kind.type === "integer" ? 1 : "any";
  return element("input", { ...common, type: "number", step, min: kind.minimum, max: kind.maximum });
}

function addField(name, schema, required) {
  const at = fields.length;
  const kind = kindOf(schema);
  const described = kind.description ?? "";
  const input = widget(`field-${at}`, kind, required, `hint-${at} error-${at}`);
  const numeric = input.type === "number";
  const [, meaning, unit] = numeric ? /^([^]*?)(?:\s*\[([^[\]]+)\])?$/.exec(described) : [null, described];
  const hints = [meaning, numeric ? bounds(kind) : "", required ? "" : "may be left empty"].filter(Boolean);
  const words = name.replaceAll("_", " ").trim() || name;
  const error = element("p", { class: "error", id: `error-${at}`, hidden: true });
  const withUnit = unit ? element("div", { class: "with-unit" }, input, element("span", { class: "unit" }, unit)) : input;
  const box = element("div", { class: "field" },
    element("label", { for: input.id }, words[0].toUpperCase() + words.slice(1)),
    withUnit, error, element("p", { class: "hint", id: `hint-${at}` }, hints.join("; ")));
  fields.push({ name, input, error, box });
  place("fields").append(box);
}

function fill(row) {
  for (const { name, input } of fields) {
    const value = row[name] ?? null;
    if (input.type === "checkbox") input.checked = value === true;
    else if (input.type === "number") input.value = value ?? "";
    else input.value = value === null ? "" : JSON.stringify(value);
  }
}

/** Gives the row as it is sent: what is left empty is left out, and what is no number is sent as text, to be refused. */
function row() {
  const sent = {};
  for (const { name, input } of fields) {
    if (input.type === "checkbox") sent[name] = input.checked;
    else if (input.type === "number" && input.validity.badInput) sent[name] = "no number";
    else if (input.value !== "") sent[name] = JSON.parse(input.type === "number" ? String(Number(input.value)) : input.value);
  }
  return sent;
}

// --- the answer

const round = (score) => Number(score.toPrecision(4)).toString();
const depth = (index, count) => ({ "--depth": `${Math.round(12 + (88 * index) / Math.max(1, count - 1))}%` });

function scaleOfEdges({ score, decision }) {
  const { low, high } = contract.score;
  const part = (value) => (100 * (value - low)) / (high - low);
  const names = Object.keys(contract.decisions);
  const edges = Object.values(contract.decisions);
  const bands = names.map((name, index) =>
    element("span", { title: name, style: { ...depth(index, names.length), width: `${part(edges[index]) - part(edges[index - 1] ?? low)}%` } }));
  const marker = element("span", { class: "marker", style: { left: `${part(score)}%` } });
  const legend = names.map((name, index) =>
    element("li", { "aria-current": name === decision && "true" }, element("i", { style: depth(index, names.length) }), `${name} up to ${round(edges[index])}`));
  return [
    element("div", { class: "bands", role: "img", "aria-label": `The score ${round(score)} on the scale from ${low} to ${high}: ${decision}` }, ...bands, marker),
    element("ul", { class: "legend" }, ...legend),
  ];
}

function scaleOfClasses({ scores, decision }) {
  const { low, high } = contract.score;
  const part = (value) => (100 * (value - low)) / (high - low);
  const ranked = Object.entries(scores).sort(([, one], [, other]) => other - one);
  const least = contract.otherwise ? element("b", { style: { left: `${part(contract.otherwise.below)}%` } }) : "";
  const bars = ranked.slice(0, 8).map(([name, score]) =>
    element("li", { "aria-current": name === decision && "true" },
      element("span", {}, name),
      element("span", { class: "bar" }, element("i", { style: { width: `${part(score)}%` } }), least && least.cloneNode()),
      element("span", {}, round(score))));
  const notes = [];
  if (ranked.length > bars.length) notes.push(`${ranked.length - bars.length} more classes have less.`);
  if (contract.otherwise) notes.push(`Below ${round(contract.otherwise.below)}, the line, it is ${contract.otherwise.decision}.`);
  return [element("ul", { class: "bars" }, ...bars), element("p", { class: "quiet" }, notes.join(" "))];
}

function show(answer) {
  const headline = answer.scores ? answer.decision : `${round(answer.score)} `;
  place("result").className = "";
  place("result").replaceChildren(headline, answer.scores ? "" : element("small", {}, answer.decision));
  place("scale").replaceChildren(...(answer.scores ? scaleOfClasses(answer) : scaleOfEdges(answer)));
  const given = answer.reasons ?? [];
  place("reasons").replaceChildren(...given.map((name, index) =>
    element("li", {},
      element("code", {}, name),
      element("span", { class: "bar", "aria-hidden": "true" }, element("i", { style: { width: `${100 * (1 - index / given.length)}%` } })))));
  if (!given.length) place("reasons").replaceChildren(element("li", {}, "Nothing sets this row apart."));
  stale(false);
}

function stale(is) {
  for (const id of ["scale", "reasons", "took"]) place(id).classList.toggle("stale", is);
}

function refuse(text, errors = []) {
  const named = new Map(errors.map((error) => [error.field, error.rule]));
  for (const { name, input, error, box } of fields) {
    const rule = named.get(name);
    box.classList.toggle("wrong", rule !== undefined);
    input.setAttribute("aria-invalid", String(rule !== undefined));
    error.hidden = rule === undefined;
    error.textContent = rule ?? "";
  }
  if (text) {
    place("result").className = "refused";
    place("result").replaceChildren(text);
    stale(true);
  }
}

// --- the request

let asking = new AbortController();
let waiting = 0;

function headers() {
  const bearer = place("bearer").value.trim();
  return { "content-type": "application/json", ...(bearer && { authorization: `Bearer ${bearer}` }) };
}

async function ask() {
  asking.abort();
  const mine = (asking = new AbortController());
  const sent = row();
  writeSnippets(sent);
  const began = performance.now();
  try {
    const response = await fetch(`predict?reasons=${reasons}`, { method: "POST", headers: headers(), body: JSON.stringify(sent), signal: mine.signal });
    const text = await response.text();
    const ms = performance.now() - began;
    if (mine.signal.aborted) return;
    let answer = {};
    try { answer = JSON.parse(text); } catch { /* a proxy's own page: its status says enough */ }
    if (response.ok) {
      refuse("");
      show(answer);
      const cold = response.headers.get("server-timing") ? ", with the function's cold start" : "";
      place("took").textContent = `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms from here and back${cold}`;
    } else if (response.status === 401 || response.status === 403) {
      refuse(token ? "The API does not take this token: paste one that is valid now." : "The API does not let this page in.");
    } else {
      refuse(answer.detail ?? answer.message ?? `The API answered ${response.status}.`, answer.errors);
    }
  } catch (error) {
    if (error.name !== "AbortError") refuse("There is no answer: does the server still run?");
  }
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, AFTER_MS);
}

// --- the same request elsewhere

const inShell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

function inPython(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

const SNIPPETS = {
  curl: (url, sent) =>
    [`curl -s ${inShell(url)}`, `-H 'content-type: application/json'`, ...(token ? [`-H "authorization: Bearer $TOKEN"`] : []), `-d ${inShell(JSON.stringify(sent))}`].join(" \\\n  "),
  Python: (url, sent) => {
    const members = Object.entries(sent).map(([name, value]) => `    ${JSON.stringify(name)}: ${inPython(value)},`);
    const bearer = token ? `, "authorization": f"Bearer {os.environ['TOKEN']}"` : "";
    return [
      `import json`, ...(token ? [`import os`] : []), `import urllib.request`, ``,
      `row = {`, ...members, `}`,
      `request = urllib.request.Request(`,
      `    ${JSON.stringify(url)},`,
      `    data=json.dumps(row).encode(),`,
      `    headers={"content-type": "application/json"${bearer}},`,
      `)`,
      `with urllib.request.urlopen(request) as response:`,
      `    print(json.load(response))`,
    ].join("\n");
  },
  JavaScript: (url, sent) => [
    `const response = await fetch(${JSON.stringify(url)}, {`,
    `  method: "POST",`,
    `  headers: { "content-type": "application/json"${token ? ', authorization: `Bearer ${token}`' : ""} },`,
    `  body: JSON.stringify(${JSON.stringify(sent, null, 2).replaceAll("\n", "\n  ")}),`,
    `});`,
    `console.log(await response.json());`,
  ].join("\n"),
};

function writeSnippets(sent) {
  const url = new URL(`predict?reasons=${reasons}`, location.href).href;
  for (const [language, write] of Object.entries(SNIPPETS)) place(`code-${language}`).textContent = write(url, sent);
}

function addSnippet(language) {
  const code = element("pre", { id: `code-${language}`, tabindex: 0, role: "region", "aria-label": `The request in ${language}` });
  const copy = element("button", { type: "button", "aria-live": "polite" }, `Copy ${language}`);
  copy.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch { // not allowed, or a page that came without TLS: marked, it takes one key
      getSelection().selectAllChildren(code);
      done = false;
    }
    copy.textContent = done ? "Copied" : "Marked: press Ctrl+C";
    setTimeout(() => { copy.textContent = `Copy ${language}`; }, 2000);
  });
  place("snippets").append(element("details", { name: "snippet", open: language === "curl" }, element("summary", {}, language), code, copy));
}

// --- begin

const required = new Set(contract.row.required ?? []);
for (const [name, schema] of Object.entries(contract.row.properties)) addField(name, schema, required.has(name));
for (const language of Object.keys(SNIPPETS)) addSnippet(language);
place("token").hidden = !token;
fill(example);
place("row").addEventListener("input", soon);
place("row").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
place("row").addEventListener("reset", (event) => { event.preventDefault(); fill(example); ask(); });
ask();
