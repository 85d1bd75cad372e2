// The learned reward around people: what they lose in a decision by the robot standing there.
const LOSS = [213, 94, 0], GAIN = [0, 114, 178], STRONGEST = 0.6;
const FINEST_M = 0.08, MOST_CELLS = 130;

/** The table of each person that holds at t, by name. */
function tablesAt(t) {
  if (!scene.around) return {};
  for (let i = scene.estimates.findLastIndex((e) => e.t <= t); i >= 0; i--)
    if (scene.around.tables[i]) return scene.around.tables[i];
  return {};
}

/** The unit vector to a person's only goal, else the way they walk. */
function wayOf(name, state, t) {
  const goals = latest(scene.goals, t)?.of[name];
  let way = goals?.length === 1 ? [goals[0][0] - state.x, goals[0][1] - state.y] : null;
  if (!way || Math.hypot(...way) < 0.05) way = [state.vx ?? 1, state.vy ?? 0];
  const length = Math.hypot(...way);
  return length > 0 ? [way[0] / length, way[1] / length] : [1, 0];
}

/** What a person at `state` loses by the robot at x, y: negative is a gain. */
function lostAt(table, way, dx, dy) {
  const far = Math.hypot(dx, dy), place = far / scene.around.step, k = Math.floor(place);
  const [even, sided] = table;
  if (k + 1 >= even.length) return 0;
  const share = place - k, sine = far > 1e-6 ? (way[0] * dy - way[1] * dx) / far : 0;
  const value = (row) => row[k] * (1 - share) + row[k + 1] * share;
  return value(even) + sine * value(sided);
}

const small = document.createElement("canvas");

/** The field over a part of the room, as an image to be drawn larger; null where there is none. */
function fieldImage(box, t) {
  const tables = tablesAt(t);
  const present = Object.keys(tables).map((name) => [name, stateAt(scene.people[name], t)])
    .filter(([, state]) => state);
  if (!present.length) return null;
  const width = box.x1 - box.x0, height = box.y1 - box.y0;
  const cell = Math.max(FINEST_M, Math.max(width, height) / MOST_CELLS);
  const columns = Math.ceil(width / cell), rows = Math.ceil(height / cell);
  const sum = new Float32Array(columns * rows);
  for (const [name, state] of present) {
    const table = tables[name], way = wayOf(name, state, t);
    const reach = scene.around.step * (table[0].length - 1);
    const first = (low, at) => Math.max(0, Math.floor((at - reach - low) / cell));
    const end = (low, at, most) => Math.min(most, Math.ceil((at + reach - low) / cell));
    for (let row = first(box.y0, state.y); row < end(box.y0, state.y, rows); row++)
      for (let column = first(box.x0, state.x); column < end(box.x0, state.x, columns); column++) {
        const dx = box.x0 + (column + 0.5) * cell - state.x;
        const dy = box.y0 + (row + 0.5) * cell - state.y;
        sum[row * columns + column] += lostAt(table, way, dx, dy);
      }
  }
  small.width = columns;
  small.height = rows;
  const context = small.getContext("2d"), image = context.createImageData(columns, rows);
  for (let i = 0; i < sum.length; i++) {
    const row = rows - 1 - Math.floor(i / columns), at = 4 * (row * columns + (i % columns));
    image.data.set(sum[i] > 0 ? LOSS : GAIN, at);
    image.data[at + 3] = 255 * STRONGEST * Math.min(Math.abs(sum[i]) / scene.around.worst, 1);
  }
  context.putImageData(image, 0, 0);
  return { x0: box.x0, y0: box.y0, x1: box.x0 + columns * cell, y1: box.y0 + rows * cell };
}
