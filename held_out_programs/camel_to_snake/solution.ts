function camelToSnake(name: string): string {
  const isCapital = (character: string | undefined) => /^[A-Z]$/.test(character ?? "");
  const isSmall = (character: string | undefined) => /^[a-z]$/.test(character ?? "");
  return [...name]
    .map((character, k) => {
      const beginsWord = isCapital(character) && (!isCapital(name[k - 1]) || isSmall(name[k + 1]));
      return (k > 0 && beginsWord ? "_" : "") + character.toLowerCase();
    })
    .join("");
}
