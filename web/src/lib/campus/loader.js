// Parts of a page that are asked for anew when there is news, each no oftener than it may.

const AGAIN_MS = 10000;

/**
 * `parts`: {name: [ask(), seconds]}; `values`: those that are there already. The loader has each part's newest value under its name,
 * `problem` (a sentence, or "") and calls `changed()` whenever one of these did.
 */
export function loader(parts, changed, values = {}) {
  const asked = {}; // name: {at, busy, wanted, round, timer}
  const problems = {};
  const held = { ...values, parts, get problem() { return Object.values(problems)[0] ?? ""; } };
  for (const name of Object.keys(parts)) asked[name] = { at: 0, busy: false, wanted: false, round: 0, timer: null };

  async function ask(name) {
    const state = asked[name];
    clearTimeout(state.timer);
    Object.assign(state, { at: Date.now(), busy: true, wanted: false, timer: null });
    const round = state.round;
    try {
      const value = await parts[name][0]();
      if (round === state.round) {
        held[name] = value;
        delete problems[name];
      }
    } catch (problem) {
      problems[name] = problem.message;
      state.wanted = true;
    }
    if (round !== state.round) return; // it was asked for anew meanwhile
    state.busy = false;
    changed();
    if (state.wanted) later(name, problems[name] ? AGAIN_MS : 0);
  }

  function later(name, least = 0) {
    const state = asked[name];
    state.wanted = true;
    if (state.busy || state.timer) return;
    const wait = Math.max(least, state.at + parts[name][1] * 1000 - Date.now(), 0);
    state.timer = setTimeout(() => ask(name), wait);
  }

  return Object.assign(held, {
    /** There is news: ask for these when they may be asked for. */
    stale: (names) => names.forEach((name) => later(name)),
    /** Ask for these now; what is on its way is of no interest any more. */
    anew(names) {
      for (const name of names) asked[name].round += 1;
      changed();
      return Promise.all(names.map(ask));
    },
    all: () => held.anew(Object.keys(parts)),
    /** Values that came another way. */
    give(values) {
      Object.assign(held, values);
      changed();
    },
  });
}
