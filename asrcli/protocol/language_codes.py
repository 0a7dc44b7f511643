"""Reads the languages of services: codes with or without a region, or names. Tables only, pure."""

from collections.abc import Container, Sequence

from asrcli.core.errors import ServiceRefused

_UNDECIDED = {"auto", "und", "mul", "any", "all", "none", "null"}
_SYNONYMS = {"zho": "zh", "chi": "zh", "cmn": "zh", "eng": "en", "jpn": "ja", "kor": "ko", "deu": "de", "ger": "de",
    "fra": "fr", "fre": "fr", "spa": "es", "por": "pt", "ita": "it", "rus": "ru", "ara": "ar", "iw": "he", "in": "id",
    "tl": "fil", "nb": "no", "nn": "no",
    "cn": "zh", "jp": "ja", "kr": "ko"}  # fmt: skip  # countries that are written for their languages
_CANTONESE = {"zh-hk", "zh-mo", "zh-yue"}
_NAMES = {
    "chinese": "zh", "mandarin": "zh", "cantonese": "yue", "english": "en", "japanese": "ja", "german": "de",
    "korean": "ko", "russian": "ru", "french": "fr", "portuguese": "pt", "arabic": "ar", "italian": "it",
    "spanish": "es", "hindi": "hi", "indonesian": "id", "thai": "th", "turkish": "tr", "ukrainian": "uk",
    "vietnamese": "vi", "czech": "cs", "danish": "da", "filipino": "fil", "finnish": "fi", "icelandic": "is",
    "malay": "ms", "norwegian": "no", "polish": "pl", "swedish": "sv", "中文": "zh", "普通话": "zh", "粤语": "yue",
    "汉语": "zh", "英语": "en", "英文": "en", "日语": "ja", "日文": "ja", "韩语": "ko", "韩文": "ko", "德语": "de",
    "法语": "fr", "俄语": "ru", "西班牙语": "es", "葡萄牙语": "pt", "意大利语": "it", "阿拉伯语": "ar", "泰语": "th",
    "越南语": "vi", "印尼语": "id",
}  # fmt: skip


def language_code(written: str) -> str:
    """The code of a language: `zh` for ZH, zh-CN and Chinese. Empty if no language is named, as by auto."""
    plain = written.strip().casefold().replace("_", "-")
    head = plain.split("-")[0]
    first_word = next(iter(plain.split()), "").strip("(),")
    if first_word in _NAMES:
        return _NAMES[first_word]
    if head in _UNDECIDED or not (head.isascii() and head.isalpha() and len(head) in (2, 3)):
        return ""
    return _SYNONYMS.get(head, head)


def meant_languages(written: str, known: Container[str]) -> str:
    """A question after the languages that were probably meant by one that is not known; empty if none is near.

    People write zh-CN, Chinese, or several at once.
    """
    parts = written.replace(";", ",").split(",")
    codes = list(dict.fromkeys(map(language_code, parts)))
    if not all(code and code in known for code in codes):
        return ""
    question = f"did you mean {' and '.join(codes)}"
    if len(codes) > 1:
        question += ", each named by itself"
    return f"{question}?"


def language_name(code: str) -> str:
    """Return the English name of a language; an unknown code is its own name."""
    return next((name.capitalize() for name, known in _NAMES.items() if known == code), code)


def languages_differ(first: str, second: str) -> bool:
    """Whether two languages are certainly different. False if one of them cannot be read."""
    first_codes = _codes(first)
    second_codes = _codes(second)
    return bool(first_codes and second_codes and not first_codes & second_codes)


def language_in_effect(named: str, asked: Sequence[str]) -> str:
    """The code of the language that a service names as the one in effect; empty if it names none.

    Raises:
        ServiceRefused: nobody has asked for this language.
    """
    if asked and all(languages_differ(code, named) for code in asked):
        raise ServiceRefused("InvalidParameter", f"language {asked[0]} is not known here, only {named}")
    return language_code(named)


def _codes(written: str) -> set[str]:
    codes = {language_code(written)} - {""}
    region = "-".join(written.strip().casefold().replace("_", "-").split("-")[:2])
    if region in _CANTONESE:
        codes.add("yue")
    return codes
