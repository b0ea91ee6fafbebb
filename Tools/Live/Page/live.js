// One page of a live session. The server sends a message when this page has shown the last one ("ready"): a header in JSON, the
// frame's pixels, and each target's response and exemplar. Commands go back as small JSON texts.
"use strict";

// By a target's color number. Told apart by people with any color vision, and on dark and light video (Okabe and Ito's, lightened).
const COLORS = ["#ff9f1c", "#56c1ff", "#f5e663", "#3ddc97", "#ff8fc7", "#b9a5ff", "#ff6b4a", "#e4e6ea"];

const $ = id => document.getElementById(id);
const stage = $("stage"), video = $("video"), overlay = $("overlay"), pen = overlay.getContext("2d");
const SAYS = {
  connecting: "connecting", disconnected: "disconnected, trying again", paused: "paused", playing: "playing",
  waiting: "waiting for the video", ended: "end of video", failed: "video failed",
};

let socket = null, attempts = 0;
let view = null;                 // the last header
let pending = null;              // a message that waits for the next repaint
let edit = null;                 // { box, target (0: new), resume, from (where the mouse went down), committing }
let selected = 0;
let paintMilliseconds = 0, noticeTimer = 0;

// ---- Talking to the server

function connect() {
  socket = new WebSocket(new URL("socket", location.href.replace(/^http/, "ws")));
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { attempts = 0; ready(); };
  socket.onmessage = event => {
    if (typeof event.data === "string")
      return notify(JSON.parse(event.data).error);
    pending = event.data;
    requestAnimationFrame(show); // not in a hidden tab: that one asks for nothing more
  };
  socket.onclose = () => {
    setState("disconnected");
    cancelEdit();
    setTimeout(connect, Math.min(500 * 2 ** attempts++, 8000));
  };
}

function send(message) {
  if (socket.readyState === WebSocket.OPEN)
    socket.send(JSON.stringify(message));
}

function ready() {
  send({ type: "ready", width: Math.max(1, Math.round(stage.clientWidth * devicePixelRatio)) });
}

// ---- Showing what came

function show() {
  const buffer = pending, start = performance.now();
  if (!buffer)
    return;
  pending = null;
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const before = view;
  view = header;
  let at = 4 + length;
  if (header.shownWidth) {
    if (!before || before.width !== header.width || before.height !== header.height)
      stage.style.setProperty("--aspect", header.width / header.height);
    at = paint(video, buffer, at, header.shownWidth, header.shownHeight);
  }
  // Beside the video only as often as there are new pictures: figures can be read, and a page costs the tracker less.
  if (header.pictures !== before?.pictures) {
    showTargets(header, buffer, at);
    showFigures(header);
  }
  setState(header.state, header.note);
  if (edit?.committing)
    commitEdit();
  drawOverlay();
  paintMilliseconds = performance.now() - start;
  ready();
}

function paint(canvas, buffer, at, width, height) {
  if (canvas.width !== width || canvas.height !== height)
    [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d", { alpha: false }).putImageData(new ImageData(new Uint8ClampedArray(buffer, at, 4 * width * height), width, height), 0, 0);
  return at + 4 * width * height;
}

// From black by violet and orange to pale yellow: brightness grows all the way, so that it reads without color too.
const HEAT = (() => {
  const stops = [[8, 6, 30], [88, 24, 110], [190, 55, 85], [248, 140, 40], [252, 250, 180]], table = new Uint8ClampedArray(1024);
  for (let i = 0; i < 256; i++) {
    const place = i / 255 * (stops.length - 1), low = Math.min(Math.floor(place), stops.length - 2);
    for (let c = 0; c < 3; c++)
      table[4 * i + c] = stops[low][c] + (place - low) * (stops[low + 1][c] - stops[low][c]);
    table[4 * i + 3] = 255;
  }
  return table;
})();

function paintResponse(canvas, values, side) {
  if (canvas.width !== side)
    canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  for (let i = 0; i < values.length; i++)
    image.data.set(HEAT.subarray(4 * values[i], 4 * values[i] + 4), 4 * i);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const fill = (bar, share) => bar.firstElementChild.style.transform = `scaleX(${Math.min(Math.max(share, 0), 1).toFixed(3)})`;

function text(element, value) {
  if (element.textContent !== value)
    element.textContent = value;
}

function showTargets(header, buffer, at) {
  const list = $("targets");
  for (const card of [...list.children])
    if (!header.targets.some(t => t.number === Number(card.dataset.number)))
      card.remove();
  if (!header.targets.some(t => t.number === selected))
    selected = header.targets.at(-1)?.number ?? 0;
  $("none").hidden = header.targets.length > 0;
  for (const target of header.targets) {
    const card = [...list.children].find(c => Number(c.dataset.number) === target.number) ?? addCard(target);
    const percent = Math.round(100 * target.confidence), word = target.lost ? "LOST" : target.found ? "tracked" : "drawn";
    if (card.classList.contains("lost") !== target.lost) {
      card.classList.toggle("lost", target.lost);
      announce(`target ${target.number} ${target.lost ? "lost" : "found again"}`);
    }
    text(card.querySelector(".word"), word);
    text(card.querySelector(".percent"), `${percent} %`);
    text(card.querySelector(".box"), target.box.map((v, i) => `${"xywh"[i]} ${v.toFixed(1)}`).join("\n"));
    fill(card.querySelector(".bar"), target.confidence);
    card.querySelector(".bar").ariaValueNow = percent;
    card.ariaCurrent = target.number === selected;
    const response = new Uint8Array(buffer, at, header.response ** 2), exemplar = at + header.response ** 2;
    at = exemplar + 4 * header.exemplar ** 2;
    paintResponse(card.querySelector(".response"), response, header.response);
    paint(card.querySelector(".exemplar"), buffer, exemplar, header.exemplar, header.exemplar);
  }
}

function addCard(target) {
  const card = $("card").content.cloneNode(true).firstElementChild, number = target.number;
  card.dataset.number = number;
  card.style.setProperty("--color", COLORS[target.color]);
  card.querySelector(".chip").textContent = number;
  card.querySelector(".select").ariaLabel = `Select target ${number}`;
  card.querySelector(".bar").ariaLabel = `Confidence in target ${number}`;
  card.querySelector("a").href = `boxes?target=${number}`;
  card.querySelector("a").title = "x,y,w,h for every frame since it was drawn";
  card.querySelector(".select").onclick = () => select(number);
  card.querySelector(".redraw").onclick = () => { select(number); startKeyboardBox(number); };
  card.querySelector(".remove").onclick = () => send({ type: "remove", target: number });
  $("targets").append(card);
  select(number);
  return card;
}

function showFigures(header) {
  text($("name"), header.name);
  document.title = `${header.name || "video"}: SiamIlgpu live`;
  const display = header.display + paintMilliseconds, period = 1000 / header.rate;
  const longest = Math.max(header.speed === "max" ? 0 : period, header.track, header.decode, display);
  for (const [id, value] of [["track", header.track], ["decode", header.decode], ["display", display]]) {
    fill($(id), value / longest);
    text($(id).nextElementSibling, `${value.toFixed(1)} ms`);
  }
  text($("fps"), header.fps ? `${header.fps.toFixed(1)} fps` : "");
  text($("budget"), (header.speed === "max" ? "" : `The video has ${period.toFixed(0)} ms for a frame. `)
    + "Decoding runs beside the tracker; display skips frames rather than make it wait.");
  text($("place"), `frame ${header.frame}${header.count ? ` of ${header.count}` : ""} \u00b7 ${header.seconds.toFixed(1)} s`);
  $("progress").hidden = !header.count;
  $("progress").value = header.count ? header.frame / header.count : 0;
  text($("play"), isPlaying() ? "Pause" : "Play");
  $("play").disabled = $("step").disabled = header.state === "ended";
  if ($("speed").value !== header.speed)
    $("speed").value = header.speed;
}

const isPlaying = () => view?.state === "playing" || view?.state === "waiting";

function setState(state, note = "") {
  const pill = $("state"), says = SAYS[state] + (note && state !== "failed" ? `: ${note}` : "");
  if (pill.textContent !== says) {
    text(pill, says);
    pill.dataset.state = state;
    announce(says);
    if (state === "failed")
      notify(`${note}. Play goes on with the next frame; Restart opens the video again.`, true);
    else
      $("notice").hidden = $("notice").hidden || noticeTimer === 0;
  }
  updateHint();
}

function notify(message, stays = false) {
  clearTimeout(noticeTimer);
  noticeTimer = stays ? 0 : setTimeout(() => $("notice").hidden = true, 8000);
  text($("notice"), message);
  $("notice").hidden = false;
}

function announce(message) { text($("announce"), message); }

function updateHint() {
  text($("hint"), edit && !edit.from ? "Drag the box; or move it with the arrow keys, resize it with Shift, either with Ctrl by single pixels, and take it with Enter. Escape cancels."
    : view?.targets.length ? "Drag to add a target, click one to select it. Space plays or pauses, \u2192 steps, D draws, R redraws, Delete removes."
    : "Drag a box around a target with mouse or finger; the video pauses while you draw. Space plays or pauses, \u2192 steps, D draws without a mouse.");
  $("draw").ariaPressed = !!edit && !edit.target;
}

function select(number) {
  selected = number;
  for (const card of $("targets").children)
    card.ariaCurrent = Number(card.dataset.number) === number;
  drawOverlay();
}

// ---- Boxes over the video

function drawOverlay() {
  const width = Math.round(stage.clientWidth * devicePixelRatio), height = Math.round(stage.clientHeight * devicePixelRatio);
  if (overlay.width !== width || overlay.height !== height)
    [overlay.width, overlay.height] = [width, height];
  pen.clearRect(0, 0, width, height);
  if (!view?.width)
    return;
  for (const target of view.targets)
    if (edit?.target !== target.number)
      drawBox(target.box, COLORS[target.color], target.lost, target.number === selected, target.lost ? `${target.number} LOST` : `${target.number}`);
  if (edit)
    drawBox(edit.box, edit.target ? colorOf(edit.target) : "#fff", true, true, edit.target ? `${edit.target}` : "new");
}

const colorOf = number => COLORS[view.targets.find(t => t.number === number)?.color ?? 0];

// A pixel of the video in pixels of the screen. Boxes count from 1, as OTB's do: the first pixel's center is (1, 1).
const scale = () => overlay.width / view.width;

function drawBox(box, color, dashed, strong, label) {
  const s = scale(), r = devicePixelRatio;
  const [x, y, w, h] = [(box[0] - 0.5) * s, (box[1] - 0.5) * s, box[2] * s, box[3] * s];
  pen.setLineDash([]);
  pen.lineWidth = (strong ? 5 : 4) * r;
  pen.strokeStyle = "rgba(0, 0, 0, .55)";
  pen.strokeRect(x, y, w, h);
  pen.setLineDash(dashed ? [7 * r, 5 * r] : []);
  pen.lineWidth = (strong ? 3 : 2) * r;
  pen.strokeStyle = color;
  pen.strokeRect(x, y, w, h);
  pen.font = `700 ${13 * r}px system-ui, sans-serif`;
  const wide = pen.measureText(label).width + 10 * r, high = 19 * r, top = y - high - r >= 0 ? y - high - r : Math.max(0, y);
  pen.fillStyle = color;
  pen.fillRect(x - r, top, wide, high);
  pen.fillStyle = "#111";
  pen.fillText(label, x + 4 * r, top + 14 * r);
}

// ---- Drawing a box

function placeOf(event) {
  const area = stage.getBoundingClientRect();
  return [
    Math.min(Math.max((event.clientX - area.left) / area.width, 0), 1) * view.width + 0.5,
    Math.min(Math.max((event.clientY - area.top) / area.height, 0), 1) * view.height + 0.5,
  ];
}

function beginEdit(target, box, from) {
  edit = { target, box, from, resume: isPlaying(), committing: false };
  if (edit.resume)
    send({ type: "pause" });
  updateHint();
  drawOverlay();
}

function cancelEdit() {
  if (edit?.resume)
    send({ type: "play" });
  edit = null;
  updateHint();
  drawOverlay();
}

// The box is for the frame that is seen, so the video has to stand still first.
function commitEdit() {
  edit.committing = true;
  if (isPlaying())
    return;
  const target = edit.target, box = edit.box.map(v => Math.round(100 * v) / 100); // no hand is steadier
  send(target ? { type: "redraw", target, frame: view.frame, box } : { type: "add", frame: view.frame, box });
  announce(target ? `target ${target} drawn anew` : "new target");
  cancelEdit();
}

function startKeyboardBox(target) {
  if (!view?.width)
    return;
  const old = view.targets.find(t => t.number === target)?.box, w = view.width / 5, h = view.height / 5;
  beginEdit(target, old ? [...old] : [Math.round((view.width - w) / 2), Math.round((view.height - h) / 2), Math.round(w) || 1, Math.round(h) || 1], null);
  stage.focus();
}

stage.onpointerdown = event => {
  if (!view?.width || event.button !== 0 || edit?.committing)
    return;
  const from = placeOf(event), target = edit?.target ?? 0, resume = edit?.resume;
  beginEdit(target, [...from, 0, 0], from);
  edit.resume ||= resume;
  stage.setPointerCapture(event.pointerId);
  stage.focus();
};
stage.onpointermove = event => {
  if (!edit?.from || edit.committing)
    return;
  const to = placeOf(event), from = edit.from;
  edit.box = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
  drawOverlay();
};
stage.onpointerup = () => {
  if (!edit?.from || edit.committing)
    return;
  const enough = 4 * devicePixelRatio / scale(), [x, y] = edit.from;
  if (edit.box[2] >= Math.min(enough, view.width / 2) && edit.box[3] >= Math.min(enough, view.height / 2))
    return commitEdit();
  cancelEdit(); // a click, not a box
  const hit = view.targets.findLast(t => x >= t.box[0] && y >= t.box[1] && x <= t.box[0] + t.box[2] && y <= t.box[1] + t.box[3]);
  if (hit)
    select(hit.number);
};
stage.onpointercancel = cancelEdit;

function editByKey(event) {
  const sides = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, -1], ArrowDown: [1, 1] }[event.key];
  if (event.key === "Enter")
    commitEdit();
  else if (event.key === "Escape")
    cancelEdit();
  else if (sides && !edit.from && !edit.committing) {
    const [axis, sign] = sides, step = event.ctrlKey ? 1 : Math.max(1, Math.round(view.width / 80));
    const at = event.shiftKey ? axis + 2 : axis;
    edit.box[at] += sign * step;
    if (event.shiftKey)
      edit.box[at] = Math.max(1, edit.box[at]);
    else
      edit.box[axis] = Math.min(Math.max(edit.box[axis], 1 - edit.box[axis + 2] / 2), (axis ? view.height : view.width) - edit.box[axis + 2] / 2);
    announce(edit.box.map((v, i) => `${["x", "y", "width", "height"][i]} ${Math.round(v)}`).join(", "));
    drawOverlay();
  } else
    return false;
  return true;
}

// ---- Buttons and keys

const actions = {
  play: () => send({ type: isPlaying() ? "pause" : "play" }),
  step: () => send({ type: "step" }),
  draw: () => edit ? cancelEdit() : startKeyboardBox(0),
  redraw: () => selected && startKeyboardBox(selected),
  remove: () => selected && send({ type: "remove", target: selected }),
};
const keys = { " ": "play", ArrowRight: "step", ".": "step", d: "draw", n: "draw", r: "redraw", Delete: "remove", Backspace: "remove" };

for (const id of ["play", "step", "draw"])
  $(id).onclick = actions[id];
$("restart").onclick = () => { cancelEdit(); send({ type: "restart" }); };
$("speed").onchange = event => send({ type: "speed", speed: event.target.value });

document.onkeydown = event => {
  const own = event.target.matches("select") || (event.target.matches("button, a") && (event.key === " " || event.key === "Enter"));
  if (own || event.altKey || event.metaKey || (event.ctrlKey && !edit))
    return;
  let done = true;
  if (edit && event.key.startsWith("Arrow") || edit && (event.key === "Enter" || event.key === "Escape"))
    done = editByKey(event);
  else if (/^[1-9]$/.test(event.key) && view?.targets[event.key - 1])
    select(view.targets[event.key - 1].number);
  else if (keys[event.key.length === 1 ? event.key.toLowerCase() : event.key])
    actions[keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]]();
  else
    done = false;
  if (done)
    event.preventDefault();
};

new ResizeObserver(() => { drawOverlay(); if (view && !pending) ready(); }).observe(stage);
updateHint();
connect();
