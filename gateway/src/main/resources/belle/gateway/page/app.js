// The page: shows the conversation and wires buttons to it.
import { chat, models, Refusal } from "/page/chat.js";
import { Writing } from "/page/markdown.js";
import { memory, speak, switchLanguage, word } from "/page/words.js";

const at = (id) => document.getElementById(id);
const FIELDS = [
  { name: "system", type: "textarea" },
  { name: "temperature", type: "range", min: 0, max: 2, step: 0.05 },
  { name: "top_p", type: "range", min: 0, max: 1, step: 0.01 },
  { name: "top_k", type: "range", min: 0, max: 100, step: 1 },
  { name: "repetition_penalty", type: "range", min: 0.8, max: 2, step: 0.05 },
  { name: "max_tokens", type: "number", min: 1, step: 1 },
  { name: "seed", type: "number", step: 1 },
  { name: "key", type: "password" },
];

let served = [];
let turns = []; // {role, content}, as the server wants them
let session = null;
let running = null; // AbortController of the answer that is being written
const changed = new Map(); // settings that differ from the model's defaults

// ---- small things

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS(svg.namespaceURI, "use")).setAttribute("href", `#i-${name}`);
  return svg;
}

function make(name, className = "", text = "") {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}

function button(className, iconName, wordName, act) {
  const node = make("button", className);
  node.type = "button";
  const label = make("span", "", word(wordName));
  label.dataset.word = wordName;
  node.append(icon(iconName), label);
  node.addEventListener("click", () => act(node));
  return node;
}

async function copy(text, node) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no permission, or not a secure origin
    const area = make("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  node.replaceChildren(icon("check"), make("span", "", word("copied")));
  const label = make("span", "", word("copy"));
  label.dataset.word = "copy";
  setTimeout(() => node.replaceChildren(icon("copy"), label), 1500);
}

const copyButton = (text) => button("small", "copy", "copy", (node) => copy(text(), node));

function status(name) {
  at("status").dataset.word = name;
  at("status").textContent = word(name);
}

// ---- scrolling: follows the answer until the reader scrolls up

let follows = true;
const scroller = at("scroll");
const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
scroller.addEventListener("scroll", () => {
  follows = atEnd();
  at("latest").hidden = follows;
});
function follow(force = false) {
  if (force || follows) scroller.scrollTop = scroller.scrollHeight;
}

// ---- models

const model = () => served.find((one) => one.id === at("model").value) ?? served[0];

async function loadModels() {
  try {
    served = await models(secret());
  } catch (problem) {
    if (problem instanceof Refusal && problem.status === 401) openDrawer("key");
    served = [];
  }
  const select = at("model");
  const chosen = select.value || memory.get("belle.model");
  select.replaceChildren(...served.map((one) => new Option(one.id, one.id, false, one.id === chosen)));
  if (served.length === 0) {
    select.replaceChildren(new Option(word("noModels"), ""));
    status("starting");
    setTimeout(loadModels, 2000);
  } else if (!running) status("hint");
  showModel();
}

function showModel() {
  const one = model();
  at("notice").hidden = !one?.embedded;
  at("notice").textContent = one?.embedded ? word("embedded")(one.id) : "";
  showExamples(one?.embedded);
  showFields();
  ready();
}

// ---- settings

const secret = () => { try { return sessionStorage.getItem("belle.key") ?? ""; } catch { return ""; } };
const original = (name) => model()?.defaults?.[name] ?? "";

function showFields() {
  at("fields").replaceChildren(...FIELDS.map((field) => {
    const row = make("div", "field");
    const label = make("label", "", word(field.name));
    const input = make(field.type === "textarea" ? "textarea" : "input");
    const about = make("small", "", word(`${field.name}About`));
    input.id = label.htmlFor = `set-${field.name}`;
    about.id = `about-${field.name}`;
    input.setAttribute("aria-describedby", about.id);
    if (field.type !== "textarea") input.type = field.type;
    for (const limit of ["min", "max", "step"]) if (field[limit] !== undefined) input[limit] = field[limit];
    if (field.type === "password") input.autocomplete = "off";
    input.value = field.name === "key" ? secret() : (changed.get(field.name) ?? original(field.name));
    const shown = make("output", "", field.type === "range" ? input.value : "");
    input.addEventListener("input", () => {
      if (field.type === "range") shown.textContent = input.value;
      if (field.name === "key") {
        try { sessionStorage.setItem("belle.key", input.value); } catch { /* lasts for this page */ }
      } else if (input.value === "" || input.value === String(original(field.name))) changed.delete(field.name);
      else changed.set(field.name, input.value);
    });
    if (field.name === "key") input.addEventListener("change", loadModels);
    row.append(label, shown, input, about);
    return row;
  }));
}

function openDrawer(focus) {
  showFields();
  if (!at("drawer").open) at("drawer").showModal();
  if (focus) at(`set-${focus}`).focus();
}

function request() {
  const body = { model: model().id, messages: [...turns] };
  for (const [name, value] of changed) {
    if (name === "system") body.messages.unshift({ role: "system", content: value });
    else body[name] = Number(value);
  }
  return body;
}

// ---- the conversation

function showUser(text) {
  at("welcome").hidden = true;
  at("log").append(make("li", "turn user", text));
}

function showAssistant() {
  const turn = make("li", "turn assistant writing");
  const bell = icon("bell");
  bell.setAttribute("class", "bell");
  const side = make("div", "side");
  const text = side.appendChild(make("div", "text"));
  turn.append(bell, side);
  at("log").append(turn);
  return { turn, side, text };
}

function showFault(side, problem) {
  const box = make("div", "fault");
  box.setAttribute("role", "alert");
  box.append(make("strong", "", word("failed")), problem instanceof Refusal ? problem.message : word("lost"));
  side.append(box);
}

function showFoot(view, facts, whole) {
  const foot = make("div", "foot");
  if (whole()) foot.append(copyButton(whole));
  foot.append(button("small", "again", "again", () => retry(view)));
  foot.append(make("span", "facts", facts.filter(Boolean).join(" · ")));
  view.side.append(foot);
}

function retry(view) {
  if (running) return;
  if (turns.at(-1)?.role === "assistant" && view.turn === at("log").lastElementChild) turns.pop();
  else if (view.turn !== at("log").lastElementChild) return;
  view.turn.remove();
  answer();
}

async function answer() {
  const view = showAssistant();
  const writing = new Writing(view.text, copyButton);
  const began = performance.now();
  let text = "";
  let firstAt = 0;
  let frame = 0;
  const paint = () => { frame = 0; writing.show(text); follow(); };
  running = new AbortController();
  ready();
  status("waiting");
  follow(true);
  let facts = [];
  try {
    const outcome = await chat({
      body: request(), session, key: secret(), signal: running.signal,
      on: {
        text(piece) {
          if (!firstAt) { firstAt = performance.now(); status("writing"); }
          text += piece;
          frame ||= requestAnimationFrame(paint);
        },
        resuming() { status("resuming"); },
        resumed() { status("writing"); },
      },
    });
    session = outcome.session;
    const tokens = outcome.usage?.completion_tokens ?? 0;
    const now = performance.now();
    const writingTime = now - firstAt; // too short to tell a speed where the answer came in one piece
    const seconds = (writingTime > 250 ? writingTime : now - began) / 1000;
    if (tokens) facts.push(word("speed")(tokens, (tokens / Math.max(seconds, 0.001)).toFixed(1)));
    if (outcome.reason === "length") facts.push(word("cutShort"));
  } catch (problem) {
    if (running.signal.aborted) facts.push(word("stopped"));
    else {
      showFault(view.side, problem);
      if (problem.status === 401) openDrawer("key");
    }
  }
  cancelAnimationFrame(frame);
  writing.show(text);
  view.turn.classList.remove("writing");
  if (view.turn.isConnected) {
    if (text) turns.push({ role: "assistant", content: text });
    showFoot(view, facts, () => text);
  }
  running = null;
  status("hint");
  ready();
  follow();
}

function submit(text) {
  if (!text.trim() || running || !model()) return;
  turns.push({ role: "user", content: text });
  showUser(text);
  at("prompt").value = "";
  grow();
  answer();
}

function newChat() {
  running?.abort();
  turns = [];
  session = null;
  at("log").replaceChildren();
  at("welcome").hidden = false;
  at("prompt").focus();
}

// ---- the composer

function grow() {
  const area = at("prompt");
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

/** The one button sends, or stops what is being written. */
function ready() {
  const send = at("send");
  const name = running ? "stop" : "send";
  send.dataset.title = name;
  send.title = word(name);
  send.setAttribute("aria-label", word(name));
  send.replaceChildren(icon(name));
  send.disabled = !running && (!at("prompt").value.trim() || !model());
}

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) running.abort();
  else submit(at("prompt").value);
});
at("prompt").addEventListener("input", () => { grow(); ready(); });
at("prompt").addEventListener("keydown", (event) => {
  // While an input method composes (Chinese), Enter chooses a word and must not send.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    if (!running) submit(at("prompt").value);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && running && !at("drawer").open) running.abort();
});

// ---- theme, language, examples

const THEMES = ["system", "light", "dark"];
const system = matchMedia("(prefers-color-scheme: dark)");
let theme = memory.get("belle.theme") ?? "system";
function paintTheme() {
  document.documentElement.dataset.theme = theme === "system" ? (system.matches ? "dark" : "light") : theme;
}
system.addEventListener("change", paintTheme);
at("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  memory.set("belle.theme", theme);
  paintTheme();
});

/** The model that ships with the program is asked for what it can do, which the first line says whole. */
function showExamples(embedded) {
  at("examples").replaceChildren(...word(embedded ? "poems" : "examples").map(([what, which]) => {
    const item = make("li");
    const card = make("button", "example");
    card.type = "button";
    card.append(make("strong", "", what), make("span", "", which));
    card.addEventListener("click", () => submit(embedded ? what : `${what}${document.documentElement.lang === "en" ? " " : "："}${which}`));
    item.append(card);
    return item;
  }));
}

function paintLanguage() {
  speak();
  at("language").textContent = word("languageShort");
  showModel();
}

at("language").addEventListener("click", () => { switchLanguage(); paintLanguage(); });
at("new").addEventListener("click", newChat);
at("settings").addEventListener("click", () => openDrawer());
at("reset").addEventListener("click", () => { changed.clear(); showFields(); });
at("drawer").addEventListener("click", (event) => { if (event.target === at("drawer")) at("drawer").close(); });
at("model").addEventListener("change", () => { memory.set("belle.model", at("model").value); showModel(); });
at("latest").addEventListener("click", () => follow(true));

paintTheme();
paintLanguage();
loadModels();
