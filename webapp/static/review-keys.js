// The keys of the review station: one table, pure functions, no page.

/** Action → keys. A key stands in one row only; "1" … "9" share the action "choose". */
export const KEYS = Object.freeze({
  choose: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
  blank: ["0"],
  invalid: ["v"],
  save: ["Enter"],
  skip: ["s"],
  undo: ["u", "Ctrl+z"],
  note: ["n"],
  previous: ["ArrowLeft"],
  next: ["ArrowRight"],
  onPage: ["Tab"],
  frame: ["z"],
  larger: ["+", "="],
  smaller: ["-"],
  outlines: ["o"],
  help: ["?"],
});

const ACTIONS = new Map(Object.entries(KEYS).flatMap(([action, keys]) => keys.map((key) => [key, action])));

/** Return the name of the pressed key as the table writes it. */
export function nameOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.ctrlKey || event.metaKey ? `Ctrl+${key}` : key;
}

/**
 * Return what a key asks for, or null: keys rest while an input method composes, while a text is typed, and where the
 * browser has a better use for them (Enter on a button, Tab among controls).
 * @param {KeyboardEvent} event
 * @returns {{action: string, choice: number} | null} choice: which of the boxes, for "choose"
 */
export function actionOf(event) {
  if (event.isComposing || event.keyCode === 229 || event.altKey) return null;
  const target = event.target;
  if (isText(target)) return null;
  const name = nameOf(event);
  const action = ACTIONS.get(name);
  if (!action) return null;
  if (action === "save" && isPressable(target)) return null;
  if (action === "onPage" && (event.shiftKey || !isPage(target))) return null;
  return { action, choice: action === "choose" ? Number(name) : 0 };
}

/** Tell whether an element takes text. */
export function isText(element) {
  if (!element?.tagName) return false;
  if (element.isContentEditable || ["TEXTAREA", "SELECT"].includes(element.tagName)) return true;
  return element.tagName === "INPUT" && !["radio", "checkbox", "button", "submit", "hidden"].includes(element.type);
}

function isPressable(element) {
  return ["BUTTON", "A", "SUMMARY"].includes(element?.tagName);
}

function isPage(element) {
  return !element?.tagName || ["BODY", "HTML"].includes(element.tagName);
}
