"""Other clients for the same job, for comparison: `python -m tests.bench.clients HOW ADDRESS WAV`.

Each sends the file in pieces of 100 ms at the pace it would be spoken, and reads what comes back. Imports stand inside,
so that each pays for its own.
"""

import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator

MODEL = "fun-asr-realtime"
PATH = "/api-ws/v1/inference"
CHUNK_MS = 100


def paced(path: str) -> Iterator[bytes]:
    """The PCM of a WAV file, each piece when its last sample would have been spoken."""
    with wave.open(path) as file:
        began, frames = time.monotonic(), file.getframerate() * CHUNK_MS // 1000
        number = 0
        while piece := file.readframes(frames):
            number += 1
            time.sleep(max(0.0, began + number * CHUNK_MS / 1000 - time.monotonic()))
            yield piece


def sdk(address: str, path: str) -> None:
    """The official SDK with its streaming API."""
    import dashscope
    from dashscope.audio.asr import Recognition, RecognitionCallback, RecognitionResult

    class Printing(RecognitionCallback):  # type: ignore[misc]
        def on_event(self, result: RecognitionResult) -> None:
            sentence = result.get_sentence()
            if RecognitionResult.is_sentence_end(sentence):
                print(sentence["text"], flush=True)

    dashscope.api_key, dashscope.base_websocket_api_url = "any", address + PATH
    recognition = Recognition(model=MODEL, format="pcm", sample_rate=16000, callback=Printing())
    recognition.start()
    for piece in paced(path):
        recognition.send_audio_frame(piece)
    recognition.stop()


def bare(address: str, path: str) -> None:
    """The least that does it: websockets and a loop. No decoding, no account, no recovery, no errors."""
    import json

    from websockets.sync.client import connect

    header = {"task_id": "t", "streaming": "duplex"}
    asked = {"task_group": "audio", "task": "asr", "function": "recognition", "model": MODEL, "input": {}}
    asked["parameters"] = {"format": "pcm", "sample_rate": 16000}
    with connect(address + PATH, proxy=None, compression=None) as socket:
        socket.send(json.dumps({"header": header | {"action": "run-task"}, "payload": asked}))
        socket.recv()

        def send() -> None:
            for piece in paced(path):
                socket.send(piece)
            socket.send(json.dumps({"header": header | {"action": "finish-task"}, "payload": {"input": {}}}))

        threading.Thread(target=send).start()
        while (value := json.loads(socket.recv()))["header"]["event"] != "task-finished":
            sentence = value["payload"]["output"]["sentence"]
            if sentence["sentence_end"]:
                print(sentence["text"], flush=True)


def typer() -> None:
    """A bare Typer program with the same three commands and nothing in them, for its --help."""
    import typer as library

    app = library.Typer(help="Nothing.")

    def nothing(name: str = library.Option("", help="Nothing.")) -> None:
        """Do nothing."""
        del name

    for command in ("file", "serve", "schema"):
        app.command(command)(nothing)
    app(["--help"], prog_name="bare")


if __name__ == "__main__":
    contenders: dict[str, Callable[..., None]] = {"sdk": sdk, "bare": bare, "typer": typer}
    contenders[sys.argv[1]](*sys.argv[2:])
