fn bracket_error(text: &str) -> Option<i64> {
    let mut opened: Vec<(i64, char)> = Vec::new();
    for (position, character) in (0..).zip(text.chars()) {
        let wanted = match character {
            '(' | '[' | '{' => {
                opened.push((position, character));
                continue;
            }
            ')' => '(',
            ']' => '[',
            '}' => '{',
            _ => continue,
        };
        match opened.pop() {
            Some((_, opening)) if opening == wanted => {}
            _ => return Some(position),
        }
    }
    opened.last().map(|&(position, _)| position)
}
