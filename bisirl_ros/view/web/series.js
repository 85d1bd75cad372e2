// What is drawn over time: weights with their bands, and speeds.

const MOST_NAMED = 3;  // so many are named in full beside their values

/** Somebody's estimates of one weight: t, theta, half the band's width. */
function weightOf(name, k) {
  return scene.estimates.filter((e) => e.theta[name]).map((e) => ({
    t: e.t,
    theta: e.theta[name][k],
    half: e.std[name]?.[k] == null ? null : scene.interval * e.std[name][k],
  })).filter((e) => e.theta !== null);
}

/** Low and high: every estimate and truth, zero, and the bands of the second half. */
function rangeOf(series, truths) {
  const values = [0, ...truths];
  for (const of of series) of.forEach((e, i) => {
    values.push(e.theta);
    if (2 * i >= of.length - 1 && e.half !== null) values.push(e.theta - e.half, e.theta + e.half);
  });
  const low = Math.min(...values), high = Math.max(...values), pad = 0.08 * (high - low) || 1;
  return [low - pad, high + pad];
}

function drawWeights(pen, named, low, high) {
  const { c, height, X } = pen, Y = (v) => height - ((v - low) / (high - low)) * height;
  drawGridOver(pen, low, high, Y, height / 26);
  c.save();
  c.beginPath();
  c.rect(LEFT, 0, pen.width - LEFT - RIGHT, height);
  c.clip();
  for (const { name, of } of named)
    of.forEach((e, i) => {
      const until = i + 1 < of.length ? of[i + 1].t : duration;
      c.fillStyle = colourOf(name);
      c.globalAlpha = 0.18;
      if (e.half !== null) c.fillRect(X(e.t), Y(e.theta + e.half), X(until) - X(e.t), Y(-e.half) - Y(e.half));
    });
  c.globalAlpha = 1;
  for (const { name, of, truth } of named) {
    const points = [];
    of.forEach((e, i) => {
      const until = i + 1 < of.length ? of[i + 1].t : duration;
      points.push([X(e.t), Y(e.theta)], [X(until), Y(e.theta)]);
    });
    c.lineWidth = 2;
    if (points.length) stroke(c, points, colourOf(name));
    if (truth !== null) {
      c.lineWidth = 1.5;
      c.setLineDash([5, 4]);
      stroke(c, [[LEFT, Y(truth)], [X(duration), Y(truth)]], colourOf(name));
      c.setLineDash([]);
    }
  }
  c.restore();
}

function tellWeights(values, named, t) {
  values.replaceChildren();
  for (const { name, of } of named) {
    const now = latest(of, t);
    if (!now) continue;
    const said = element("span", null, values);
    element("i", null, said).className = "dot";
    said.firstChild.style.background = colourOf(name);
    const half = now.half === null ? "" : ` ± ${number(now.half, 2)}`;
    if (named.length > 1) {
      const few = named.length <= MOST_NAMED;
      element("span", few ? name : `${shortName(name)}:`, said).className = few ? "long" : "";
      if (few) element("span", `${shortName(name)}:`, said).className = "short";
    }
    element("span", `${number(now.theta, 2)}${half}`, said);
  }
}

scene.features.forEach((feature, k) => {
  const named = scene.names.map((name) => (
    { name, of: weightOf(name, k), truth: scene.truth[name]?.[k] ?? null }
  )).filter(({ of, truth }) => of.length || truth !== null);
  const truths = named.map(({ truth }) => truth).filter((v) => v !== null);
  const [low, high] = rangeOf(named.map(({ of }) => of), truths);
  const told = k ? "" : truths.length ? "weights, ± 95 %, true: dashed" : "weights, ± 95 %";
  addChart(feature.replaceAll("_", " "), told, 62, (pen) => drawWeights(pen, named, low, high),
    (values, t) => tellWeights(values, named, t));
});

// -- speed ------------------------------------------------------------------------------------
/** A line with gaps where nothing was told; an estimate holds until the next: stepped. */
function drawLine({ c, X }, track, column, Y, stepped) {
  c.beginPath();
  track.t.forEach((t, i) => {
    if (track.starts.has(i)) c.moveTo(X(t), Y(track[column][i]));
    else {
      if (stepped) c.lineTo(X(t), Y(track[column][i - 1]));
      c.lineTo(X(t), Y(track[column][i]));
    }
  });
  c.stroke();
}

function drawSpeed(pen) {
  const { c, height } = pen;
  const all = [scene.command, scene.robot].filter(Boolean).flatMap((track) => track.v ?? []);
  const low = Math.min(0, all.reduce((a, b) => Math.min(a, b), 0)) - 0.05;
  const high = Math.max(0.2, all.reduce((a, b) => Math.max(a, b), 0)) * 1.16;
  const Y = (v) => height - ((v - low) / (high - low)) * height;
  drawGridOver(pen, low, high, Y, height / 26);
  c.lineWidth = 1;
  c.strokeStyle = "#8a8a8a";
  if (scene.robot?.v) drawLine(pen, scene.robot, "v", Y, false);
  c.lineWidth = 1.8;
  c.strokeStyle = scene.colours.robot;
  if (scene.command) drawLine(pen, scene.command, "v", Y, true);
}

if (scene.command || scene.robot?.v) {
  const unit = !scene.command ? "[m/s], driven" : scene.robot?.v ? "[m/s], driven: grey" : "[m/s]";
  addChart(scene.command ? "speed commanded" : "speed", unit, 70, drawSpeed, null);
}
