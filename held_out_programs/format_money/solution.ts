function formatMoney(cents: number, currency: string): string {
  const positive = Math.abs(cents);
  const groups: string[] = [];
  let whole = Math.floor(positive / 100);
  while (whole >= 1000) {
    groups.unshift(String(whole % 1000).padStart(3, "0"));
    whole = Math.floor(whole / 1000);
  }
  groups.unshift(String(whole));
  const fraction = String(positive % 100).padStart(2, "0");
  return `${cents < 0 ? "-" : ""}${currency}${groups.join(",")}.${fraction}`;
}
