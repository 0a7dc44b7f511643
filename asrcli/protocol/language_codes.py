"""Languages as services write them: codes of two or three letters, with a region or without, or names. Pure."""

_UNDECIDED = {"auto", "und", "mul", "any", "all", "none", "null"}
_SAME = {"zho": "zh", "chi": "zh", "cmn": "zh", "eng": "en", "jpn": "ja", "kor": "ko", "deu": "de", "ger": "de",
    "fra": "fr", "fre": "fr", "spa": "es", "por": "pt", "ita": "it", "rus": "ru", "ara": "ar", "iw": "he", "in": "id",
    "tl": "fil", "nb": "no", "nn": "no"}  # fmt: skip
_CANTONESE = {"zh-hk", "zh-mo", "zh-yue"}
_NAMES = {
    "chinese": "zh", "mandarin": "zh", "cantonese": "yue", "english": "en", "japanese": "ja", "german": "de",
    "korean": "ko", "russian": "ru", "french": "fr", "portuguese": "pt", "arabic": "ar", "italian": "it",
    "spanish": "es", "hindi": "hi", "indonesian": "id", "thai": "th", "turkish": "tr", "ukrainian": "uk",
    "vietnamese": "vi", "czech": "cs", "danish": "da", "filipino": "fil", "finnish": "fi", "icelandic": "is",
    "malay": "ms", "norwegian": "no", "polish": "pl", "swedish": "sv", "中文": "zh", "普通话": "zh", "粤语": "yue",
}  # fmt: skip


def language_code(said: str) -> str:
    """The code of a language, empty where none is named: `zh` for ZH, zh-CN and Chinese, nothing for auto."""
    plain = said.strip().casefold().replace("_", "-")
    head = plain.split("-")[0]
    found = _NAMES.get(plain.split()[0].strip("(),") if plain else "", "")
    if found or head in _UNDECIDED or not (head.isascii() and head.isalpha() and len(head) in (2, 3)):
        return found
    return _SAME.get(head, head)


def languages_differ(asked: str, told: str) -> bool:
    """Whether two languages are surely not the same. One that nobody can read differs from none."""
    some, others = _codes(asked), _codes(told)
    return bool(some and others and not some & others)


def _codes(said: str) -> set[str]:
    found = {language_code(said)} - {""}
    region = "-".join(said.strip().casefold().replace("_", "-").split("-")[:2])
    return found | {"yue"} if region in _CANTONESE else found
