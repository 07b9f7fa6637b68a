fn caesar_cipher(text: &str, shift: i64) -> String {
    let forward = shift.rem_euclid(26) as u8;
    let moved = |letter: char, first: u8| char::from((letter as u8 - first + forward) % 26 + first);
    text.chars()
        .map(|letter| match letter {
            'a'..='z' => moved(letter, b'a'),
            'A'..='Z' => moved(letter, b'A'),
            _ => letter,
        })
        .collect()
}
