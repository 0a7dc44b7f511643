"use strict";

// As many lines as the server keeps for a page that joins late; older ones are removed.
const KEPT_LINES = 300;
const COLOURS = 8;
const RETRY_MS = [200, 400, 800, 1500];
const RETRY_ENDED_MS = 3000;

const root = document.documentElement;
const captions = document.getElementById("captions");
const lines = document.getElementById("lines");
const open = document.getElementById("open");
const state = document.getElementById("state");
const newest = document.getElementById("newest");

// The parameters in the address. Each entry takes the text of a value and returns whether it is one.
const flag = (name, off) => (value) => {
  if (value === "0") root.classList.toggle(name, off);
  else if (value === "1" || value === "") root.classList.toggle(name, !off);
  else return false;
  return true;
};
const number = (name, unit, least, most) => (value) => {
  const given = /^\d{1,4}(\.\d{1,2})?$/.test(value) ? Number(value) : 0;
  if (given < least || given > most) return false;
  root.style.setProperty(name, given + unit);
  return true;
};
const choice = (...names) => (value) => {
  if (!names.includes(value)) return false;
  root.classList.remove(...names);
  root.classList.add(value);
  return true;
};
const dark = matchMedia("(prefers-color-scheme: dark)");
let theme = "auto";
const paint = () => root.classList.toggle("dark", theme === "dark" || (theme === "auto" && dark.matches));
const PARAMETERS = {
  size: number("--size", "px", 8, 400),
  lines: (value) => /^\d+$/.test(value) && number("--rows", "", 1, 50)(value) && (root.classList.add("rows"), true),
  theme: (value) => ["auto", "light", "dark"].includes(value) && ((theme = value), true),
  transparent: flag("transparent", false),
  speakers: flag("nospeakers", true),
  unsettled: flag("nounsettled", true),
  state: flag("nostate", true),
  translation: choice("both", "only", "off"),
  align: choice("left", "center"),
};
const wrong = [];
for (const [name, value] of new URLSearchParams(location.search)) {
  if (!Object.hasOwn(PARAMETERS, name)) wrong.push(`${name} is no parameter (${Object.keys(PARAMETERS).join(", ")})`);
  else if (!PARAMETERS[name](value)) wrong.push(`${name}=${value.slice(0, 40)} is no value`);
}
paint();
dark.addEventListener("change", paint);
if (root.classList.contains("transparent")) root.classList.add("quiet");

let run = "", last = 0, socket = null, tries = 0, ended = false, heard = "waiting", troubles = [], connected = false;
const colours = new Map();

function element(name, kind, text, language) {
  const made = document.createElement(name);
  made.className = kind;
  made.textContent = text;
  if (language !== undefined) {
    made.dir = "auto";
    if (/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(language)) made.lang = language;
  }
  return made;
}

function labelled(kind, line) {
  const row = element("div", `line ${kind}`, "");
  if (line.speaker) {
    if (!colours.has(line.speaker)) colours.set(line.speaker, colours.size % COLOURS);
    row.append(element("span", `who s${colours.get(line.speaker)}`, `${line.speaker}:`), " ");
  }
  return row;
}

function sentence(line) {
  const row = labelled(line.kind, line);
  if (line.text) row.append(element("span", "text", line.text, line.lang || ""));
  if (line.translation) {
    row.append(element("span", "translation", line.translation, line.into || ""));
    row.classList.add("translated");
  }
  return row;
}

function unfinished(line) {
  const row = labelled(line.provisional ? "open provisional" : "open", line);
  const text = element("span", "text", "", line.lang || "");
  text.append(element("span", "settled", line.settled || ""), element("span", "unsettled", line.unsettled || ""));
  row.append(text);
  if (line.translation) {
    row.append(element("span", "translation", line.translation, line.into || ""));
    row.classList.add("translated");
  }
  return row;
}

const atEnd = () => captions.scrollHeight - captions.scrollTop - captions.clientHeight < 80;
let following = true;
function follow() {
  if (following) captions.scrollTop = captions.scrollHeight;
  newest.hidden = following;
}
captions.addEventListener("scroll", () => { following = atEnd(); newest.hidden = following; }, { passive: true });
newest.addEventListener("click", () => { following = true; follow(); });
addEventListener("resize", follow);

function take(message) {
  if (message.reset || message.run !== run) {
    lines.replaceChildren();
    last = 0;
    run = message.run;
  }
  const fresh = document.createDocumentFragment();
  for (const line of message.lines) {
    if (line.n <= last) continue;
    last = line.n;
    fresh.append(sentence(line));
  }
  lines.append(fresh);
  while (lines.childElementCount > KEPT_LINES) lines.firstElementChild.remove();
  last = Math.max(last, message.last);
  open.replaceChildren(...message.open.map(unfinished));
  heard = message.state;
  troubles = message.troubles;
  ended = heard === "ended";
  report();
  follow();
}

const TROUBLES = { paused: "paused", muted: "muted", reconnecting: "connecting again", absent: "no audio from the device" };
function report() {
  const parts = troubles.map((one) => [one.speaker, TROUBLES[one.kind], one.text].filter(Boolean).join(": "));
  let text = { waiting: "waiting for the first word", live: "", ended: "the run has ended" }[heard] || "";
  if (!connected && !ended) parts.unshift("the connection to asr is lost; trying again");
  if (parts.length) text = parts.join(" · ");
  if (wrong.length) text = [text, ...wrong].filter(Boolean).join(" · ");
  state.textContent = text;
  state.classList.toggle("trouble", parts.length > 0 || wrong.length > 0);
  root.dataset.state = connected || ended ? heard : "lost";
}

function connect() {
  const query = new URLSearchParams({ run, after: last });
  socket = new WebSocket(`ws://${location.host}/feed?${query}`);
  socket.addEventListener("message", (event) => {
    connected = true;
    tries = 0;
    take(JSON.parse(event.data));
  });
  socket.addEventListener("close", () => {
    connected = false;
    report();
    const wait = ended ? RETRY_ENDED_MS : RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
    tries += 1;
    setTimeout(connect, wait);
  });
}
connect();

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const size = parseFloat(getComputedStyle(document.body).fontSize);
  if (event.key === "+" || event.key === "=") number("--size", "px", 8, 400)(Math.min(400, size * 1.1).toFixed(1));
  else if (event.key === "-") number("--size", "px", 8, 400)(Math.max(8, size / 1.1).toFixed(1));
  else if (event.key === "t") { theme = root.classList.contains("dark") ? "light" : "dark"; paint(); }
  else if (event.key === "f" && document.fullscreenElement) document.exitFullscreen();
  else if (event.key === "f") root.requestFullscreen();
  else return;
  follow();
});
