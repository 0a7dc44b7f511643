"""Other clients for the same job, for comparison: `python -m tests.bench.clients HOW WIRE ADDRESS WAV [PACE]`.

Each sends the file in pieces of 100 ms at the pace it would be spoken, or at full pace with PACE 0, and reads what
comes back. An MP3 is sent as its decoder makes pieces of it. Imports stand inside, so that each pays for its own. Two
more need neither wire nor address: `typer` prints the help of an empty program, `decode FILE` decodes a file to PCM at
16 kHz and sends nothing.
"""

import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator

MODELS = {"inference": "fun-asr-realtime", "realtime": "qwen3-asr-flash-realtime"}
PATHS = {"inference": "/api-ws/v1/inference", "realtime": "/api-ws/v1/realtime"}
CHUNK_MS = 100


def paced(path: str, pace: float) -> Iterator[bytes]:
    """The PCM of a file, each piece when its last sample would have been spoken."""
    began = time.monotonic()
    for number, piece in enumerate((wav_pieces if path.endswith(".wav") else decoded)(path), 1):
        if pace:
            time.sleep(max(0.0, began + number * CHUNK_MS / 1000 / pace - time.monotonic()))
        yield piece


def wav_pieces(path: str) -> Iterator[bytes]:
    """The PCM of a WAV file, in pieces of equal length."""
    with wave.open(path) as file:
        while piece := file.readframes(file.getframerate() * CHUNK_MS // 1000):
            yield piece


def decoded(path: str) -> Iterator[bytes]:
    """Mono PCM at 16 kHz of any other file, as the decoder makes it: what any client must do with an MP3."""
    import av

    with av.open(path) as container:
        resampler = av.AudioResampler("s16", "mono", 16000)
        for frame in container.decode(audio=0):
            frame.pts = None
            for made in resampler.resample(frame):
                yield bytes(made.planes[0])


def sdk(wire: str, address: str, path: str, pace: float) -> None:
    """The official SDK with its streaming API."""
    (sdk_inference if wire == "inference" else sdk_realtime)(address, path, pace)


def sdk_inference(address: str, path: str, pace: float) -> None:
    """Its class for speech recognition. Nothing of it can be set that would make it cheaper."""
    import dashscope
    from dashscope.audio.asr import Recognition, RecognitionCallback, RecognitionResult

    class Printing(RecognitionCallback):  # type: ignore[misc]
        def on_event(self, result: RecognitionResult) -> None:
            sentence = result.get_sentence()
            if RecognitionResult.is_sentence_end(sentence):
                print(sentence["text"], flush=True)

    dashscope.api_key, dashscope.base_websocket_api_url = "any", address + PATHS["inference"]
    recognition = Recognition(model=MODELS["inference"], format="pcm", sample_rate=16000, callback=Printing())
    recognition.start()
    for piece in paced(path, pace):
        recognition.send_audio_frame(piece)
    recognition.stop()


def sdk_realtime(address: str, path: str, pace: float) -> None:
    """Its class for conversations, with the model that transcribes."""
    import base64

    import dashscope
    from dashscope.audio.qwen_omni import MultiModality, OmniRealtimeCallback, OmniRealtimeConversation
    from dashscope.audio.qwen_omni.omni_realtime import TranscriptionParams

    ready = threading.Event()

    class Printing(OmniRealtimeCallback):  # type: ignore[misc]
        def on_event(self, message: dict[str, str]) -> None:
            if message["type"] == "session.updated":
                ready.set()
            elif message["type"] == "conversation.item.input_audio_transcription.completed":
                print(message["transcript"], flush=True)

    dashscope.api_key = "any"
    talk = OmniRealtimeConversation(model=MODELS["realtime"], url=address + PATHS["realtime"], callback=Printing())
    talk.connect()
    parameters = TranscriptionParams(sample_rate=16000, input_audio_format="pcm")
    talk.update_session(
        output_modalities=[MultiModality.TEXT], enable_turn_detection=True, transcription_params=parameters
    )
    ready.wait(60)
    for piece in paced(path, pace):
        talk.append_audio(base64.b64encode(piece).decode())
    talk.end_session(timeout=60)
    talk.close()


def bare(wire: str, address: str, path: str, pace: float) -> None:
    """The least that does it: websockets and a loop. No decoding, no account, no recovery, no errors."""
    (bare_inference if wire == "inference" else bare_realtime)(address, path, pace)


def bare_inference(address: str, path: str, pace: float) -> None:
    """Audio as it is, results with their words as JSON."""
    import json

    from websockets.sync.client import connect

    header = {"task_id": "t", "streaming": "duplex"}
    asked = {"task_group": "audio", "task": "asr", "function": "recognition", "model": MODELS["inference"], "input": {}}
    asked["parameters"] = {"format": "pcm", "sample_rate": 16000}
    with connect(address + PATHS["inference"], proxy=None, compression=None) as socket:
        socket.send(json.dumps({"header": header | {"action": "run-task"}, "payload": asked}))
        socket.recv()

        def send() -> None:
            for piece in paced(path, pace):
                socket.send(piece)
            socket.send(json.dumps({"header": header | {"action": "finish-task"}, "payload": {"input": {}}}))

        threading.Thread(target=send).start()
        while (value := json.loads(socket.recv()))["header"]["event"] != "task-finished":
            sentence = value["payload"]["output"]["sentence"]
            if sentence["sentence_end"]:
                print(sentence["text"], flush=True)


def bare_realtime(address: str, path: str, pace: float) -> None:
    """Audio as base64 in JSON, results as JSON."""
    import json
    from base64 import b64encode

    from websockets.sync.client import connect

    url = f"{address}{PATHS['realtime']}?model={MODELS['realtime']}"
    session = {
        "modalities": ["text"],
        "input_audio_format": "pcm",
        "sample_rate": 16000,
        "turn_detection": {"type": "server_vad"},
    }
    with connect(url, proxy=None, compression=None) as socket:
        socket.recv()
        socket.send(json.dumps({"event_id": "e", "type": "session.update", "session": session}))
        socket.recv()

        def send() -> None:
            for piece in paced(path, pace):
                audio = b64encode(piece).decode()
                socket.send(json.dumps({"event_id": "e", "type": "input_audio_buffer.append", "audio": audio}))
            socket.send(json.dumps({"event_id": "e", "type": "session.finish"}))

        threading.Thread(target=send).start()
        while (value := json.loads(socket.recv()))["type"] != "session.finished":
            if value["type"] == "conversation.item.input_audio_transcription.completed":
                print(value["transcript"], flush=True)


def decode(path: str) -> None:
    """Decode a file and count its bytes."""
    print(sum(map(len, decoded(path))))


def typer() -> None:
    """A bare Typer program with three commands and nothing in them, for its --help."""
    import typer as library

    app = library.Typer(help="Nothing.")

    def nothing(name: str = library.Option("", help="Nothing.")) -> None:
        """Do nothing."""
        del name

    for command in ("file", "serve", "schema"):
        app.command(command)(nothing)
    app(["--help"], prog_name="bare")


if __name__ == "__main__":
    contenders: dict[str, Callable[..., None]] = {"sdk": sdk, "bare": bare}
    how, *arguments = sys.argv[1:]
    if how in contenders:
        which, url, wav, *pace_ = arguments
        contenders[how](which, url, wav, float(pace_[0]) if pace_ else 1.0)
    else:
        typer() if how == "typer" else decode(*arguments)
