// What this browser remembers; where storage is forbidden it remembers nothing.
export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, text) {
  try {
    localStorage.setItem(name, text);
  } catch {
    // the choice holds for this page only
  }
}
