// Further parts of a camera's page. Each is called as `panel(container, name, state)` and returns how to end it.

import { cameraActs } from "./camera-acts.js";

export const PANELS = [cameraActs];
