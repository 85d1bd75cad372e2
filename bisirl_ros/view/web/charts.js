// Charts that share one axis of time; the cursor and the slider lie on it.
const LEFT = 54, RIGHT = 12;
const stack = document.getElementById("stack"), cursor = document.getElementById("cursor");
const STRENGTHS = ["#F0C15A", "#CC79A7", "#D55E00", "#7A1E00"];  // slower, fallback, stop, latch
const duration = Math.max(scene.duration, 1e-3);
const charts = [];

function timeToX(t, width) { return LEFT + (t / duration) * (width - LEFT - RIGHT); }

function xToTime(x, width) {
  return Math.min(Math.max((x - LEFT) / (width - LEFT - RIGHT), 0), 1) * duration;
}

/** A chart of a height; draw: its picture; now: what its caption says at t. */
function addChart(title, unit, height, draw, now) {
  const figure = element("figure", null, stack), caption = element("figcaption", null, figure);
  if (title) element("b", title, caption);
  if (unit) element("span", unit, caption).style.color = GREY;
  const values = element("div", null, caption);
  charts.push({ canvas: element("canvas", null, figure), height, draw, now, values });
}

function layCharts() {
  const width = stack.clientWidth;
  for (const chart of charts) {
    const c = sized(chart.canvas, width, chart.height);
    c.font = `11px ${FONT}`;
    chart.draw({ c, width, height: chart.height, X: (t) => timeToX(t, width) });
  }
}

function tellCharts(t) {
  cursor.style.left = `${timeToX(t, stack.clientWidth)}px`;
  for (const chart of charts) if (chart.now) chart.now(chart.values, t);
}

function timeTicks(width) { return ticks(0, duration, Math.max(3, width / 90)); }

function drawAxis({ c, width, height, X }) {
  const { found, digits } = timeTicks(width);
  for (const t of found) {
    stroke(c, [[X(t), 0], [X(t), 5]], GREY);
    c.textAlign = "center";
    text(c, number(t, digits), X(t), height - 2, GREY);
  }
  c.textAlign = "left";
  text(c, "time [s]", 0, height - 2, GREY);
}

function drawGridOver({ c, width, height, X }, low, high, Y, count) {
  for (const t of timeTicks(width).found) stroke(c, [[X(t), 0], [X(t), height]], "#eee");
  const { found, digits } = ticks(low, high, count);
  c.textAlign = "right";
  for (const v of found) {
    stroke(c, [[LEFT, Y(v)], [width - RIGHT, Y(v)]], Math.abs(v) < 1e-9 ? "#999" : "#eee");
    if (Y(v) > 7 && Y(v) < height - 3) text(c, number(v, digits), LEFT - 6, Y(v) + 4, GREY);
  }
  c.textAlign = "left";
}

// -- lanes of events --------------------------------------------------------------------------
const lanes = [
  { label: "episode", kinds: ["episode"] },
  { label: "gate", kinds: ["gate"] },
  { label: "people", kinds: ["doubt", "drift"] },
].map((lane) => ({ ...lane, events: scene.events.filter((e) => lane.kinds.includes(e.kind)) }))
  .filter((lane) => lane.events.length);
const LANE = 19;

function drawLanes(pen) {
  const { c, X, width } = pen;
  for (const t of timeTicks(width).found) stroke(c, [[X(t), 0], [X(t), pen.height]], "#eee");
  lanes.forEach((lane, row) => {
    const y = row * LANE;
    text(c, lane.label, 0, y + 13, GREY);
    for (const event of lane.events) {
      const x = X(event.t), wide = Math.max(X(event.until) - x, 2);
      if (event.kind === "episode") drawEpisode(c, event, x, y, wide);
      else if (event.kind === "gate") {
        c.fillStyle = event.usual ? "#cfcfcf" : STRENGTHS[event.strength];
        c.fillRect(x, y + 3, wide, LANE - 6);
        const rule = event.text.split(":")[0], dark = !event.usual && event.strength > 1;
        if (c.measureText(rule).width < wide - 8) text(c, rule, x + 4, y + 13, dark ? "#fff" : INK);
      } else drawMark(c, x, y + LANE / 2, event);
    }
  });
}

function drawEpisode(c, event, x, y, wide) {
  const bad = /collision/.test(event.text), said = event.text.replace(/^episode /, "");
  c.fillStyle = bad ? "#f6d3c2" : "#dbe8f1";
  c.fillRect(x, y + 2, wide - 1, LANE - 4);
  c.fillStyle = bad ? scene.colours.alarm : scene.colours.robot;
  c.fillRect(x, y + 2, 2, LANE - 4);
  const fits = [said, said.split(/[ :]/)[0]].find((s) => c.measureText(s).width < wide - 8);
  if (fits) text(c, fits, x + 5, y + 13, INK);
}

function drawMark(c, x, y, event) {
  c.fillStyle = event.usual ? "#999" : scene.colours.alarm;
  c.beginPath();
  if (event.kind === "drift") { c.moveTo(x - 5, y - 5); c.lineTo(x + 5, y); c.lineTo(x - 5, y + 5); }
  else { c.moveTo(x, y - 6); c.lineTo(x + 6, y); c.lineTo(x, y + 6); c.lineTo(x - 6, y); }
  c.fill();
}

addChart("", "", 18, drawAxis, null);
if (lanes.length) addChart("", "", lanes.length * LANE + 2, drawLanes, null);
