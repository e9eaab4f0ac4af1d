// What the server put into the page.
export const initial = JSON.parse(document.getElementById("initial").textContent);
export const user = initial.user ?? null;
export const operates = ["admin", "operator"].includes(user?.role);
export const watches = operates || user?.role === "viewer";
export const cares = ["admin", "doctor", "patient"].includes(user?.role);
