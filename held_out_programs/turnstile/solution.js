const TRANSITIONS = {
  locked: { coin: ["unlocked", null], push: ["locked", "refused"] },
  unlocked: { coin: ["unlocked", "returned"], push: ["locked", "passed"] },
};

function turnstile(events) {
  const counts = { passed: 0, returned: 0, refused: 0 };
  let state = "locked";
  for (const event of events) {
    if (!Object.hasOwn(TRANSITIONS[state], event)) {
      throw new Error(`unknown event ${event}`);
    }
    const [next, counted] = TRANSITIONS[state][event];
    if (counted) {
      counts[counted]++;
    }
    state = next;
  }
  return [counts.passed, counts.returned, counts.refused];
}
