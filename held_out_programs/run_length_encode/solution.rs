fn run_length_encode(text: &str) -> String {
    let mut encoded = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let mut length = 1;
        while characters.next_if_eq(&character).is_some() {
            length += 1;
        }
        if length > 1 {
            encoded.push_str(&length.to_string());
        }
        encoded.push(character);
    }
    encoded
}
