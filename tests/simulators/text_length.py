"""How long a text is for the platforms."""


def utf16_length(text: str) -> int:
    """Count UTF-16 code units: Telegram counts entities so, and it is the strictest reading of "characters"."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
