// Which view belongs to which address. A view exports `open(container, params, state)`: it fills the empty container
// and returns a function that ends what it started. `params` has the named parts of the address and its `query`.

export const VIEWS = [
  { address: "/", load: () => import("./wall.js") },
  { address: "/cameras", load: () => import("./wall.js") },
  // No camera's name begins with a plus sign.
  { address: "/cameras/+add", load: () => import("./camera-edit.js") },
  { address: "/cameras/:name/edit", load: () => import("./camera-edit.js") },
  { address: "/cameras/:name", load: () => import("./camera.js") },
  { address: "/incidents", load: () => import("./incidents.js") },
  { address: "/incidents/:id*", load: () => import("./incident.js") },
  { address: "/kiosk", load: () => import("./kiosk.js") },
  { address: "/audit", load: () => import("./audit.js") },
  { address: "/maintenance", load: () => import("./maintenance.js") },
  { address: "/docs", load: () => import("./docs.js") },
  { address: "/reports", load: () => import("./reports.js") },
];

/** The links of the top line: address, the key of their text, and whom it is for. */
export const LINKS = [
  ["/", "nav.wall"],
  ["/incidents", "nav.incidents"],
  ["/reports", "nav.reports"],
  ["/maintenance", "nav.maintenance"],
  ["/cameras/+add", "edit.add", "admin whole"],
  ["/audit", "nav.audit", "admin"],
  ["/docs", "nav.docs", "admin"],
];

/** Find the view of a path and what its address names; null where the page has no such view. */
export function viewOf(path) {
  for (const view of VIEWS) {
    const names = [];
    const pattern = view.address.replace("+", "\\+").replace(/:(\w+)(\*?)/g, (_, name, rest) => {
      names.push(name);
      return rest ? "(.+)" : "([^/]+)";
    });
    const found = new RegExp(`^${pattern}/?$`).exec(path);
    if (found) return { view, named: Object.fromEntries(names.map((name, i) => [name, decoded(found[i + 1])])) };
  }
  return null;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
