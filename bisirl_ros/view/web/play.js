// Time: the slider, the keys, the link to a moment, and what is said of it.
const byId = (id) => document.getElementById(id);
const slider = byId("slider"), playButton = byId("play"), speed = byId("speed");
let now = 0, playing = false, lastFrame = null;

byId("title").textContent = scene.title;
byId("about").textContent = [
  scene.about,
  scene.names.length ? `${scene.names.length} ${scene.names.length > 1 ? "people" : "person"}` : "",
  `${number(scene.duration, 1)} s`,
  scene.began ? new Date(1000 * scene.began).toLocaleString() : "",
].filter(Boolean).join(" · ");
const lacks = scene.missing.length ? [`not in this source: ${scene.missing.join(", ")}`] : [];
byId("missing").textContent = [...lacks, ...scene.notes].join(" · ");
slider.max = String(duration);

// -- what is said of a moment -------------------------------------------------------------------
const readout = {};
const anybody = Object.keys(scene.people).length > 0;
for (const [key, label, there] of [
  ["robot", "robot", scene.robot],
  ["speed", "speed", scene.robot?.v || scene.command],
  ["near", "nearest", scene.robot && anybody],
]) {
  if (!there) continue;
  const row = element("div", null, byId("readout"));
  element("dt", label, row);
  readout[key] = element("dd", "", row);
  readout[key].id = `${key}-now`;
}

function nearest(robot, t) {
  const found = scene.names.map((name) => [name, stateAt(scene.people[name], t)])
    .filter(([, state]) => state)
    .map(([name, state]) => [Math.hypot(state.x - robot.x, state.y - robot.y), name])
    .sort((a, b) => a[0] - b[0])[0];
  return found ? `${found[1]} at ${number(found[0], 2)} m (centres)` : "nobody seen";
}

function say(key, said) {
  if (readout[key]) readout[key].textContent = said;
}

function tell(t) {
  const robot = stateAt(scene.robot, t), asked = stateAt(scene.command, t);
  say("robot", robot ? `x ${number(robot.x, 2)} m, y ${number(robot.y, 2)} m` : "not seen");
  const parts = [];
  if (robot && robot.v !== undefined) parts.push(`${number(robot.v, 2)} m/s`);
  if (asked) parts.push(`commanded ${number(asked.v, 2)} m/s, ${number(asked.w, 2)} rad/s`);
  say("speed", parts.join(", ") || "not told");
  say("near", robot ? nearest(robot, t) : "not known");
  const gate = scene.events.find((e) => e.kind === "gate" && e.t <= t && t < e.until);
  byId("gate").hidden = !gate;
  if (gate) {
    byId("gate").textContent = `gate: ${gate.text}`;
    byId("gate").className = gate.usual ? "usual" : "";
  }
  byId("clock").textContent = `${number(t, 1)} / ${number(duration, 1)} s`;
  slider.value = String(t);
  slider.setAttribute("aria-valuetext", `${number(t, 1)} seconds`);
  for (const [button, event] of listed)
    button.classList.toggle("now", event.t <= t && t <= Math.max(event.until, event.t + 1));
  keepInView(byId("list"), listed.findLast(([, event]) => event.t <= t)?.[0] ?? null);
}

/** Scrolls a list, not the page, to a button of it, once it is another one. */
let inView = null;
function keepInView(list, button) {
  if (button !== inView && button) list.scrollTop = button.parentNode.offsetTop - list.offsetTop - 50;
  inView = button;
}

// -- events to choose from ----------------------------------------------------------------------
const listed = [...scene.events].sort((a, b) => a.t - b.t).filter((e) => !e.usual || e.kind !== "gate")
  .map((event) => {
    const button = element("button", null, element("li", null, byId("list")));
    button.type = "button";
    element("time", `${number(event.t, 1)} s`, button);
    const lasted = event.until > event.t ? `, ${number(event.until - event.t, 1)} s` : "";
    element("span", `${event.kind === "gate" ? "gate: " : ""}${event.text}${lasted}`, button);
    button.onclick = () => seek(event.t);
    return [button, event];
  });
byId("events").hidden = !listed.length;

// -- what is drawn --------------------------------------------------------------------------------
for (const [key, label, there] of [
  ["field", "learned reward", scene.around && anybody],
  ["fans", "predicted motion", scene.predictions.length > 0],
  ["trails", "paths", scene.robot || anybody],
  ["spread", "uncertainty (95 %)", Object.values(scene.people).some((track) => track.xx)],
  ["follow", "follow the robot", scene.robot],
]) {
  if (!there) continue;
  const box = element("label", null, byId("switches")), input = element("input", null, box);
  input.type = "checkbox";
  input.checked = shown[key];
  input.onchange = () => { shown[key] = input.checked; draw(); };
  box.append(label);
}
if (scene.around && anybody) {
  for (const [colour, said] of [[LOSS, "people lose by the robot being there"], [GAIN, "they gain"]]) {
    const strip = element("i", null, byId("key"));
    strip.style.background = `linear-gradient(90deg, #fff, rgba(${colour.join()}, ${STRONGEST}))`;
    byId("key").append(said);
  }
  byId("key").append(`; strongest from ${number(scene.around.worst, 0)} units of reward a decision on. `);
}
const signs = [
  scene.routes.length ? "flag: the robot's goal" : "",
  scene.goals.length ? "×: where people may be going" : "",
  anybody ? "arrow: 0.6 s of walking" : "",
].filter(Boolean).join("; ");
byId("key").append(signs && `${signs[0].toUpperCase()}${signs.slice(1)}.`);

// -- going through time ---------------------------------------------------------------------------
function draw() {
  drawRoom(now);
  tellCharts(now);
  tell(now);
}

function seek(t) {
  now = Math.min(Math.max(t, 0), duration);
  draw();
}

function play(on) {
  playing = on && scene.duration > 0;
  if (playing && now >= duration) now = 0;
  playButton.textContent = playing ? "\u275A\u275A" : "\u25B6";
  playButton.setAttribute("aria-label", playing ? "pause" : "play");
  lastFrame = null;
  if (playing) requestAnimationFrame(frame);
}

function frame(stamp_ms) {
  if (!playing) return;
  const took_s = lastFrame === null ? 0 : Math.min((stamp_ms - lastFrame) / 1000, 0.25);
  lastFrame = stamp_ms;
  seek(now + took_s * Number(speed.value));
  if (now >= duration) play(false);
  else requestAnimationFrame(frame);
}

playButton.onclick = () => play(!playing);
slider.oninput = () => seek(Number(slider.value));
function pointed(event) {
  const box = stack.getBoundingClientRect();
  seek(xToTime(event.clientX - box.left, box.width));
}
stack.onpointerdown = (event) => { stack.setPointerCapture(event.pointerId); pointed(event); };
stack.onpointermove = (event) => { if (event.buttons) pointed(event); };
document.onkeydown = (event) => {
  if (event.target.closest("select, input, button")) return;
  if (event.key === " ") play(!playing);
  else if (event.key === "ArrowRight") seek(now + 1);
  else if (event.key === "ArrowLeft") seek(now - 1);
  else return;
  event.preventDefault();
};

function lay() {
  layRoom();
  layCharts();
  draw();
}
window.addEventListener("resize", lay);

/** A link to a moment: #t=12.5, and &play or &speed=2. */
const asked = new URLSearchParams(location.hash.slice(1));
now = Math.min(Math.max(Number(asked.get("t")) || 0, 0), duration);
if ([...speed.options].some((option) => option.value === asked.get("speed"))) speed.value = asked.get("speed");
lay();
if (asked.has("play")) play(true);
