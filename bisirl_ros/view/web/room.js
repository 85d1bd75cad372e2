// The room from above at a time t: x to the right, y up, in metres.
const TRAIL_S = 4, FAN_S = 1.2, FOLLOW_M = 4, CHI_95 = Math.sqrt(5.991);
const roomCanvas = document.getElementById("room");
const shown = { field: true, fans: true, trails: true, spread: true, follow: false };
const robotRadius = scene.plan.robot ?? 0.25, personRadius = scene.plan.person ?? 0.25;
let room = null;  // the context, its size, and the whole room's box

function shareOf(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))];
}

/** What has to be in the picture: walls, goals, and where nearly all was seen. */
const whole = (() => {
  const xs = [], ys = [], put = (x, y) => { xs.push(x); ys.push(y); };
  for (const [x1, y1, x2, y2] of scene.plan.walls) { put(x1, y1); put(x2, y2); }
  for (const [x, y, r] of scene.plan.discs) { put(x - r, y - r); put(x + r, y + r); }
  if (scene.plan.bounds) { put(...scene.plan.bounds.slice(0, 2)); put(...scene.plan.bounds.slice(2)); }
  for (const route of scene.routes) for (const point of route.points) put(...point);
  for (const told of scene.goals) for (const some of Object.values(told.of))
    for (const goal of some) put(...goal);
  for (const track of [scene.robot, ...Object.values(scene.people)]) {
    if (!track) continue;
    const edge = track === scene.robot ? 0 : 0.01;
    for (const share of [edge, 1 - edge]) put(shareOf(track.x, share), shareOf(track.y, share));
  }
  if (!xs.length) return { x0: -3, y0: -3, x1: 3, y1: 3 };
  const at = (f, of) => of.reduce((a, b) => f(a, b));
  return {
    x0: at(Math.min, xs) - 0.6, y0: at(Math.min, ys) - 0.6,
    x1: at(Math.max, xs) + 0.6, y1: at(Math.max, ys) + 0.6,
  };
})();

function layRoom() {
  const width = roomCanvas.clientWidth, narrow = window.innerWidth <= 860;
  const aspect = (whole.y1 - whole.y0) / (whole.x1 - whole.x0);
  const most = window.innerHeight * (narrow ? 0.5 : 0.72);
  const height = Math.max(220, Math.min(most, width * Math.min(Math.max(aspect, 0.5), 1.1)));
  room = { context: sized(roomCanvas, width, height), width, height };
}

/** The part of the room that is drawn: the whole, or around the robot, in the canvas's shape. */
function boxAt(t) {
  const robot = shown.follow ? stateAt(scene.robot, t) : null;
  let { x0, y0, x1, y1 } = whole;
  if (robot) [x0, y0, x1, y1] = [
    robot.x - FOLLOW_M, robot.y - FOLLOW_M, robot.x + FOLLOW_M, robot.y + FOLLOW_M];
  const scale = Math.min(room.width / (x1 - x0), room.height / (y1 - y0));
  const dx = (room.width / scale - (x1 - x0)) / 2, dy = (room.height / scale - (y1 - y0)) / 2;
  return { x0: x0 - dx, y0: y0 - dy, x1: x1 + dx, y1: y1 + dy, scale };
}

function drawRoom(t) {
  const { context: c, width, height } = room, box = boxAt(t);
  const X = (x) => (x - box.x0) * box.scale, Y = (y) => height - (y - box.y0) * box.scale;
  const pen = { c, X, Y, scale: box.scale, width, height };
  c.clearRect(0, 0, width, height);
  const image = shown.field ? fieldImage(box, t) : null;
  drawGrid(pen, box);
  if (image) {
    c.imageSmoothingEnabled = true;
    c.drawImage(small, X(image.x0), Y(image.y1), X(image.x1) - X(image.x0), Y(image.y0) - Y(image.y1));
  }
  drawWalls(pen);
  drawGoals(pen, t);
  if (shown.fans) drawFans(pen, t);
  if (shown.trails) drawTrails(pen, t);
  const labels = [];
  for (const name of scene.names) drawPerson(pen, name, t, labels);
  for (const label of labels) drawLabel(pen, ...label);
  drawRobot(pen, t);
}

function drawGrid({ c, X, Y, width, height }, box) {
  c.lineWidth = 1;
  c.font = `11px ${FONT}`;
  c.lineJoin = "round";
  const every = ticks(0, box.x1 - box.x0, width / 90).found[1] ?? 1;
  const step = Math.max(1, every);
  for (let x = Math.ceil(box.x0 / step) * step; x < box.x1; x += step) {
    stroke(c, [[X(x), 0], [X(x), height]], LINE);
    if (X(x) > 34 && X(x) < width - 22) text(c, number(x, 0), X(x) + 3, height - 5, GREY, true);
  }
  for (let y = Math.ceil(box.y0 / step) * step; y < box.y1; y += step) {
    stroke(c, [[0, Y(y)], [width, Y(y)]], LINE);
    if (Y(y) > 46 && Y(y) < height - 22) text(c, number(y, 0), 4, Y(y) - 3, GREY, true);
  }
  text(c, "x, y [m]", 4, height - 5, GREY, true);
}

function drawWalls({ c, X, Y, scale }) {
  if (scene.plan.bounds) {
    const [x0, y0, x1, y1] = scene.plan.bounds;
    c.setLineDash([3, 3]);
    c.strokeStyle = "#9a9a9a";
    c.strokeRect(X(x0), Y(y1), X(x1) - X(x0), Y(y0) - Y(y1));
    c.setLineDash([]);
  }
  c.lineWidth = Math.max(3, 0.06 * scale);
  c.lineCap = "round";
  for (const [x1, y1, x2, y2] of scene.plan.walls) stroke(c, [[X(x1), Y(y1)], [X(x2), Y(y2)]], "#444");
  c.lineCap = "butt";
  for (const [x, y, r] of scene.plan.discs) disc(c, X(x), Y(y), r * scale, "#444");
}

function stroke(c, points, colour) {
  c.strokeStyle = colour;
  c.beginPath();
  points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
  c.stroke();
}

function disc(c, x, y, r, fill, edge) {
  c.beginPath();
  c.arc(x, y, r, 0, 2 * Math.PI);
  if (fill) { c.fillStyle = fill; c.fill(); }
  if (edge) { c.strokeStyle = edge; c.stroke(); }
}

/** Text; halo: with a rim of white, for what lies over lines. */
function text(c, said, x, y, colour, halo) {
  if (halo) {
    c.lineWidth = 3;
    c.strokeStyle = "#fff";
    c.strokeText(said, x, y);
    c.lineWidth = 1;
  }
  c.fillStyle = colour;
  c.fillText(said, x, y);
}
