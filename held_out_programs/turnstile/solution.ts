function turnstile(events: string[]): number[] {
  let [passed, returned, refused] = [0, 0, 0];
  let locked = true;
  for (const event of events) {
    switch (event) {
      case "coin":
        returned += locked ? 0 : 1;
        locked = false;
        break;
      case "push":
        passed += locked ? 0 : 1;
        refused += locked ? 1 : 0;
        locked = true;
        break;
      default:
        throw new Error(`unknown event ${event}`);
    }
  }
  return [passed, returned, refused];
}
