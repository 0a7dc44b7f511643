"""How many tasks of a model the service lets one account begin in a minute. Data only.

Source of the facts: the service's page on rate limits, autumn 2026. All programs that use an account share its limits.
"""

# The longest matching beginning of a name wins.
STARTS_PER_MINUTE = {
    "": 600,
    "fun-asr": 1200,
    "gummy": 600,
    "paraformer": 1200,
    "qwen-audio-3.0-asr": 1200,
    "qwen-audio-3.1-asr-flash-message": 1200,
    "qwen-audio-3.1-asr": 600,
    "qwen3-asr": 1200,
    "qwen3-omni": 60,
    "qwen3.5-omni": 60,
    "qwen3.8-omni": 60,
}


def starts_per_minute(model: str) -> int:
    """The limit of a model; the lowest of the speech models for one that is not known."""
    return STARTS_PER_MINUTE[max((known for known in STARTS_PER_MINUTE if model.startswith(known)), key=len)]
