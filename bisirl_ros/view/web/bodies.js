// Who is in the room: the robot, people, where they came from and where they may go.

/** Where episodes began, after which a path is drawn anew. */
const beginnings = scene.events.filter((e) => e.kind === "episode");

function drawGoals({ c, X, Y }, t) {
  const route = latest(scene.routes, t), robot = stateAt(scene.robot, t);
  c.lineWidth = 2;
  if (route) {
    const points = route.points.map(([x, y]) => [X(x), Y(y)]);
    const from = setOut(t);
    c.setLineDash([7, 5]);
    c.globalAlpha = 0.55;
    if (from) stroke(c, [[X(from[0]), Y(from[1])], ...points], scene.colours.robot);
    c.setLineDash([]);
    c.globalAlpha = 1;
    flag(c, ...points.at(-1), scene.colours.robot);
  }
  const goals = latest(scene.goals, t)?.of ?? {};
  for (const [name, some] of Object.entries(goals)) {
    if (!scene.people[name] && !robot) continue;
    for (const [x, y] of some) {
      const [u, v] = [X(x), Y(y)], r = 6;
      stroke(c, [[u - r, v - r], [u + r, v + r]], colourOf(name));
      stroke(c, [[u - r, v + r], [u + r, v - r]], colourOf(name));
    }
  }
}

/** From where the robot set out on its present way. */
function setOut(t) {
  return scene.robot ? pathsTo(scene.robot, wayBegan(t), t).at(-1)?.[0] : null;
}

function wayBegan(t) {
  const began = latest(beginnings, t)?.t ?? 0, sent = latest(scene.routes, t)?.t ?? 0;
  return Math.max(began, beginnings.length ? 0 : sent) - 1e-3;
}

function flag(c, x, y, colour) {
  c.fillStyle = colour;
  c.beginPath();
  c.moveTo(x, y - 18);
  c.lineTo(x + 13, y - 13);
  c.lineTo(x, y - 8);
  c.fill();
  c.lineWidth = 2;
  stroke(c, [[x, y], [x, y - 18]], colour);
  disc(c, x, y, 3, colour);
}

function drawFans({ c, X, Y }, t) {
  const told = latest(scene.predictions, t);
  if (!told || t - told.t > FAN_S) return;
  c.lineCap = c.lineJoin = "round";
  for (const [name, paths] of Object.entries(told.of))
    for (const [strength, ...flat] of paths) {
      const points = [];
      for (let i = 0; i < flat.length; i += 2) points.push([X(flat[i]), Y(flat[i + 1])]);
      c.globalAlpha = 0.15 + 0.55 * strength;
      c.lineWidth = 5;
      stroke(c, points, "#fff");
      c.lineWidth = 3;
      stroke(c, points, colourOf(name));
    }
  c.globalAlpha = 1;
  c.lineCap = "butt";
}

function drawTrails({ c, X, Y }, t) {
  const put = (points) => points.map(([x, y]) => [X(x), Y(y)]);
  if (scene.robot) {
    c.lineWidth = 2.5;
    for (const points of pathsTo(scene.robot, wayBegan(t), t)) stroke(c, put(points), scene.colours.robot);
  }
  c.lineWidth = 3;
  for (const name of scene.names) {
    const track = scene.people[name];
    if (!track || !stateAt(track, t)) continue;
    const points = put(pathsTo(track, t - TRAIL_S, t).at(-1));
    for (let i = 1; i < points.length; i++) {
      c.globalAlpha = 0.75 * (i / points.length);
      stroke(c, points.slice(i - 1, i + 1), colourOf(name));
    }
  }
  c.globalAlpha = 1;
}

function drawPerson({ c, X, Y, scale }, name, t, labels) {
  const now = stateAt(scene.people[name], t);
  if (!now) return;
  const x = X(now.x), y = Y(now.y), r = Math.max(5, personRadius * scale), colour = colourOf(name);
  c.lineWidth = 2;
  disc(c, x, y, r, colour, "#fff");
  if (shown.spread && now.xx !== null && now.xx !== undefined) ellipse(c, x, y, now, scale);
  if (now.vx !== null && now.vx !== undefined && Math.hypot(now.vx, now.vy) > 0.05) {
    c.lineWidth = 2.5;
    arrow(c, x, y, x + now.vx * scale * 0.6, y - now.vy * scale * 0.6, r, INK);
  }
  const robot = stateAt(scene.robot, t);
  const taken = (side) => robot && Math.abs(robot.x - now.x) < 1.2
    && side * (robot.y - now.y) > 0 && side * (robot.y - now.y) < 1.2;
  const below = (now.vy > 0.05 || taken(1)) && !taken(-1);
  labels.push([name, x, below ? y + r + 15 : y - r - 8, colour]);
}

/** The ellipse that holds 95 % of where somebody may be. */
function ellipse(c, x, y, { xx, xy, yy }, scale) {
  const middle = (xx + yy) / 2, apart = Math.hypot((xx - yy) / 2, xy);
  const long = CHI_95 * Math.sqrt(middle + apart) * scale;
  const short = CHI_95 * Math.sqrt(Math.max(middle - apart, 0)) * scale;
  if (long < 1) return;
  c.beginPath();
  c.ellipse(x, y, long, Math.max(short, 0.5), -0.5 * Math.atan2(2 * xy, xx - yy), 0, 2 * Math.PI);
  c.globalAlpha = 0.3;
  c.fillStyle = "#fff";
  c.fill();
  c.globalAlpha = 1;
  c.lineWidth = 1.5;
  c.setLineDash([3, 2]);
  c.strokeStyle = INK;
  c.stroke();
  c.setLineDash([]);
}

function arrow(c, x0, y0, x1, y1, inside, colour) {
  const long = Math.hypot(x1 - x0, y1 - y0), [u, v] = [(x1 - x0) / long, (y1 - y0) / long];
  if (long < 3) return;
  const tip = [x0 + u * Math.max(long, inside + 6), y0 + v * Math.max(long, inside + 6)];
  stroke(c, [[x0, y0], tip], colour);
  for (const side of [-1, 1])
    stroke(c, [tip, [tip[0] - 7 * u + side * 4 * v, tip[1] - 7 * v - side * 4 * u]], colour);
}

function drawRobot({ c, X, Y, scale }, t) {
  const now = stateAt(scene.robot, t);
  if (!now) return;
  const x = X(now.x), y = Y(now.y), r = Math.max(7, robotRadius * scale), yaw = now.yaw ?? 0;
  c.lineWidth = 2;
  disc(c, x, y, r, scene.colours.robot, "#fff");
  const at = (angle, far) => [x + far * r * Math.cos(yaw + angle), y - far * r * Math.sin(yaw + angle)];
  c.fillStyle = "#fff";
  c.beginPath();
  c.moveTo(...at(0, 0.85));
  c.lineTo(...at(2.5, 0.7));
  c.lineTo(...at(Math.PI, 0.25));
  c.lineTo(...at(-2.5, 0.7));
  c.fill();
}

function drawLabel({ c, width, height }, name, x, y, colour) {
  if (x < 0 || x > width || y < 0 || y > height) return;
  c.font = `600 12px ${FONT}`;
  const wide = c.measureText(name).width, left = Math.min(Math.max(x - wide / 2, 4), width - wide - 4);
  c.globalAlpha = 0.82;
  c.fillStyle = "#fff";
  c.fillRect(left - 3, y - 11, wide + 6, 15);
  c.globalAlpha = 1;
  c.fillStyle = colour;
  c.fillRect(left - 3, y + 4, wide + 6, 2);
  text(c, name, left, y, INK);
}
