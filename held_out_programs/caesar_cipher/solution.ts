const ALPHABET = "abcdefghijklmnopqrstuvwxyz";

function caesarCipher(text: string, shift: number): string {
  return [...text]
    .map((letter) => {
      const place = ALPHABET.indexOf(letter.toLowerCase());
      if (place === -1) {
        return letter;
      }
      const moved = ALPHABET[(((place + shift) % 26) + 26) % 26];
      return letter === letter.toLowerCase() ? moved : moved.toUpperCase();
    })
    .join("");
}
