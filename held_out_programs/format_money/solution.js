function formatMoney(cents, currency) {
  const sign = cents < 0 ? "-" : "";
  const [whole, fraction] = (Math.abs(cents) / 100).toFixed(2).split(".");
  return `${sign}${currency}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction}`;
}
