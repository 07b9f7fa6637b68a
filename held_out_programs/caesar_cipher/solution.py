from string import ascii_lowercase, ascii_uppercase


def caesar_cipher(text: str, shift: int) -> str:
    shift %= 26
    table = {}
    for alphabet in (ascii_lowercase, ascii_uppercase):
        table |= str.maketrans(alphabet, alphabet[shift:] + alphabet[:shift])
    return text.translate(table)
