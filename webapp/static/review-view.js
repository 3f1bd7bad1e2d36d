// Where one looks at a page: pure functions from a look to a view box in millimetres.
// A look is {x, y, zoom}: the middle (mm) and the enlargement; at zoom 1 the whole page fits.

export const LEAST = 0.5;
export const MOST = 8;
const MARGIN = 3; // mm of paper's surroundings that stay in sight
const PART = 190; // mm: the widest part that is shown as a part; about the text of an upright page

/** Return the view box [x, y, width, height] of a look through a frame of ``frame`` px at a page of ``page`` mm. */
export function boxOf(look, page, frame) {
  const scale = Math.min(frame.width / page.width, frame.height / page.height) * look.zoom;
  const [width, height] = [frame.width / scale, frame.height / scale];
  return [look.x - width / 2, look.y - height / 2, width, height];
}

/** The whole page. */
export function wholePage(page) {
  return { x: page.width / 2, y: page.height / 2, zoom: 1 };
}

/** The part around a question: its row, as wide as the text. ``focus``: left, top, right, bottom of its boxes. */
export function partOf([left, top, right, bottom], page, frame) {
  const width = Math.min(page.width - 2 * MARGIN, Math.max(PART, right - left + 20));
  const scale = Math.min(frame.width / page.width, frame.height / page.height);
  const zoom = limited(frame.width / (width * scale));
  const reach = width / 2 - 8; // the left of the page, where rows have their names, unless a box would then be cut
  const x = Math.max(Math.min(page.width, width + 20) / 2, right - reach);
  return inside({ x, y: (top + bottom) / 2, zoom }, page, frame);
}

/** Zoom by a factor so that the point (mm) under the pointer stays where it is. */
export function zoomed(look, factor, point) {
  const zoom = limited(look.zoom * factor);
  const kept = look.zoom / zoom;
  return { x: point.x + (look.x - point.x) * kept, y: point.y + (look.y - point.y) * kept, zoom };
}

/** Move the look so that the page fills as much of the frame as it can. */
export function inside(look, page, frame) {
  const [, , width, height] = boxOf(look, page, frame);
  return { x: bounded(look.x, width, page.width), y: bounded(look.y, height, page.height), zoom: look.zoom };
}

function bounded(middle, seen, whole) {
  if (seen >= whole + 2 * MARGIN) return whole / 2;
  return Math.min(Math.max(middle, seen / 2 - MARGIN), whole + MARGIN - seen / 2);
}

function limited(zoom) {
  return Math.min(Math.max(zoom, LEAST), MOST);
}
