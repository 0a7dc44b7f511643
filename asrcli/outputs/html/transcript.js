
"use strict";
const main = document.querySelector("main");
const bar = document.getElementById("bar");
const players = [...bar.querySelectorAll("audio")];

// Sentences of several speakers come in the order in which they were decided; they are read by their times.
const parts = [...main.children];
const begins = (part) => Number(part.dataset.b || 0);
if (parts.some((part, n) => n && begins(part) < begins(parts[n - 1])))
  main.append(...parts.sort((a, b) => begins(a) - begins(b)));

// What plays now: the player, and the words that have times in it.
let current = null;
const words = players.map(() => []);
for (const word of main.querySelectorAll(".w")) words[word.dataset.a]?.push(word);
for (const row of words) row.sort((a, b) => a.dataset.t - b.dataset.t);

function show(player) {
  bar.hidden = false;
  for (const other of players) {
    other.classList.toggle("shown", other === player);
    if (other !== player) other.pause();
  }
  current = player;
}

function play(number, ms) {
  const player = players[number];
  if (!player) return;
  show(player);
  const start = () => { player.currentTime = ms / 1000; player.play().catch(() => {}); };
  if (player.readyState) start();
  else { player.addEventListener("loadedmetadata", start, { once: true }); player.load(); }
}

// Without times of words the place of a click in its sentence is the best guess.
function guessed(event, line) {
  const text = line.querySelector(".text"), button = line.querySelector("button.time");
  if (!button) return null;
  let at = 0;
  const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
  if (caret && text.contains(caret.offsetNode)) {
    const before = document.createRange();
    before.setStart(text, 0);
    before.setEnd(caret.offsetNode, caret.offset);
    at = before.toString().length / Math.max(1, text.textContent.length);
  }
  const length = Number(line.dataset.e) - Number(line.dataset.b);
  return [button.dataset.a, Number(button.dataset.t) + Math.max(0, at * length - 300)];
}

main.addEventListener("click", (event) => {
  if (!getSelection().isCollapsed) return;
  const exact = event.target.closest(".w, button.time"), line = event.target.closest(".line");
  const place = exact ? [exact.dataset.a, Number(exact.dataset.t)] : line && event.target.closest(".text") && guessed(event, line);
  if (place) play(...place);
});

let marked = null;
function mark() {
  const row = words[players.indexOf(current)] || [];
  const ms = current ? current.currentTime * 1000 + 20 : -1;
  let low = 0, high = row.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(row[middle].dataset.t) <= ms) low = middle + 1; else high = middle;
  }
  const word = row[low - 1];
  const now = word && ms <= Number(word.dataset.t) + Number(word.dataset.u) + 300 ? word : null;
  if (now !== marked) {
    marked?.classList.remove("now");
    now?.classList.add("now");
    marked = now;
  }
  if (current && !current.paused) requestAnimationFrame(mark);
}
for (const player of players) {
  player.addEventListener("play", () => { show(player); mark(); });
  player.addEventListener("seeked", mark);
  player.addEventListener("error", () => {
    const problem = document.createElement("p");
    problem.textContent = `The audio ${player.title} cannot be played: is it where it was when this page was written?`;
    bar.append(problem);
    bar.hidden = false;
  });
}
if (players.length) show(players[0]);

// Search: all places are marked, Enter goes to the next one, Shift and Enter to the one before.
const tools = document.getElementById("tools"), search = document.getElementById("search");
const count = document.getElementById("count");
tools.hidden = false;
tools.addEventListener("submit", (event) => event.preventDefault());
let found = [], at = -1;

function ranges(line, wanted) {
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT), nodes = [];
  let text = "";
  while (walker.nextNode()) { nodes.push([text.length, walker.currentNode]); text += walker.currentNode.data; }
  const lowered = text.toLowerCase();
  const made = [];
  if (lowered.length !== text.length) return made;
  const place = (index) => {
    const [start, node] = nodes.findLast(([begin]) => begin <= index);
    return [node, index - start];
  };
  for (let from = lowered.indexOf(wanted); from >= 0; from = lowered.indexOf(wanted, from + wanted.length)) {
    const range = document.createRange();
    range.setStart(...place(from));
    const [node, offset] = place(from + wanted.length - 1);
    range.setEnd(node, offset + 1);
    made.push(range);
  }
  return made;
}

function find() {
  const wanted = search.value.trim().toLowerCase();
  for (const line of main.querySelectorAll(".hit")) line.classList.remove("hit");
  found = [];
  const marks = [];
  if (wanted) for (const line of main.children) {
    const hidden = document.body.classList.contains("untranslated") ? line.querySelector(".translation") : null;
    const shown = line.textContent.toLowerCase();
    if (!shown.includes(wanted)) continue;
    if (hidden && !shown.replace(hidden.textContent.toLowerCase(), "").includes(wanted)) continue;
    found.push(line);
    marks.push(...ranges(line, wanted));
  }
  if (globalThis.Highlight) CSS.highlights.set("found", new Highlight(...marks));
  at = -1;
  showCount(wanted);
}

function showCount(wanted) {
  count.value = !wanted ? "" : !found.length ? "not found" : at < 0 ? `in ${found.length} places` : `${at + 1} of ${found.length}`;
}

search.addEventListener("input", find);
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !found.length) return;
  found[at]?.classList.remove("hit");
  if (event.shiftKey) at = at > 0 ? at - 1 : found.length - 1;
  else at = (at + 1) % found.length;
  found[at].classList.add("hit");
  found[at].scrollIntoView({ block: "center" });
  showCount(true);
});

const translated = document.getElementById("translated");
if (!main.querySelector(".translation")) translated.parentElement.remove();
translated.addEventListener("change", () => {
  document.body.classList.toggle("untranslated", !translated.checked);
  find();
});
