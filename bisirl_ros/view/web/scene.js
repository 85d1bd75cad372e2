// The scene, and what of it holds at a time t [s].
const scene = JSON.parse(document.getElementById("scene").textContent);
const GAP_S = 1;  // who was not seen for longer is not shown
const INK = "#222", GREY = "#5f5f5f", LINE = "#e4e4e4";

/** Index of the last of rising times up to t, -1 before the first. */
function upTo(times, t) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** The same of records with a time `t`: the last one that holds, or null. */
function latest(records, t) {
  const index = records.findLastIndex((record) => record.t <= t);
  return index < 0 ? null : records[index];
}

const tracks = [scene.robot, scene.command, ...Object.values(scene.people)].filter(Boolean);
for (const track of tracks) {
  track.starts = new Set(track.pieces);
  track.names = Object.keys(track).filter((key) => !["t", "pieces", "starts"].includes(key));
}

/** A track's columns at t, between its samples; null where nobody was seen lately. */
function stateAt(track, t) {
  if (!track) return null;
  const i = upTo(track.t, t), j = i + 1;
  if (i < 0) return null;
  const goesOn = j < track.t.length && !track.starts.has(j);
  if (!goesOn && t - track.t[i] > GAP_S) return null;
  const share = goesOn ? (t - track.t[i]) / (track.t[j] - track.t[i]) : 0;
  const state = {};
  for (const name of track.names) {
    const from = track[name][i], to = goesOn ? track[name][j] : from;
    if (from === null || to === null) { state[name] = from; continue; }
    let change = to - from;
    if (name === "yaw") change = Math.atan2(Math.sin(change), Math.cos(change));
    state[name] = from + share * change;
  }
  return state;
}

/** A track's points from time `from` to t, a list for each piece; the last ends where it is now. */
function pathsTo(track, from, t) {
  const first = upTo(track.t, from) + 1, last = upTo(track.t, t), paths = [[]];
  const every = Math.max(1, Math.floor((last - first) / 4000));
  for (let i = first; i <= last; i++) {
    if (track.starts.has(i)) paths.push([]);
    else if ((last - i) % every) continue;
    paths.at(-1).push([track.x[i], track.y[i]]);
  }
  const now = stateAt(track, t);
  if (now) paths.at(-1).push([now.x, now.y]);
  return paths.filter((points) => points.length);
}

const indexOf = Object.fromEntries(scene.names.map((name, i) => [name, i]));
function colourOf(name) {
  const colours = scene.colours.people;
  return colours[(indexOf[name] ?? 0) % colours.length];
}

/** A name without what all names begin with: "person_0" is "0" among such. */
const common = scene.names.length < 2 ? "" : scene.names.reduce((a, b) => {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return a.slice(0, n);
}).replace(/[^_\-. ]*$/, "");
function shortName(name) { return name.slice(common.length) || name; }

function number(value, digits) {
  return value === null || value === undefined ? "?" : value.toFixed(digits).replace("-", "\u2212");
}

/** Round numbers from low to high, about `count` of them. */
function ticks(low, high, count) {
  const rough = Math.max(high - low, 1e-9) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => power * m >= rough * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-6); k * step <= high + 1e-6 * step; k++) found.push(k * step);
  return { found, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** A canvas of w x h pixels of the page, sharp on any screen: its context. */
function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

function element(kind, text, parent) {
  const made = document.createElement(kind);
  if (text !== null) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}
