// The wall by keyboard: find, go from camera to camera, clear.

const STEPS = { ArrowDown: 1, ArrowRight: 1, j: 1, ArrowUp: -1, ArrowLeft: -1, k: -1 };

/** Listen to keys of the wall; return how to stop. Enter needs nothing: each camera is a link. */
export function wallKeys(parts) {
  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      parts.find.focus();
    } else if (event.key === "Escape" && event.target === parts.find) {
      parts.find.value = "";
      parts.find.dispatchEvent(new Event("input"));
    } else if (event.key in STEPS && (!typing || (event.target === parts.find && event.key === "ArrowDown"))) {
      if (step(parts.cameras, STEPS[event.key])) event.preventDefault();
    }
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

/** Move the focus to the next or previous camera; false where there is none. */
function step(root, by) {
  const links = [...root.querySelectorAll("a[href^='/cameras/']")];
  if (!links.length) return false;
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? links[by > 0 ? 0 : links.length - 1] : links[at + by];
  if (!next) return false;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}
