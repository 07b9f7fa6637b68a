function completePrefix(used, prefix, limit) {
  return [...used]
    .filter(([word]) => word.startsWith(prefix))
    .sort(([a, uses], [b, others]) => others - uses || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([word]) => word);
}
