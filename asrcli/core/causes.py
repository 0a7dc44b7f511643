"""Facts about an error that decide what a person can do next. The advice for each of them is in cli/advice.py."""

from enum import Enum, auto


class Cause(Enum):
    """Why something failed, as far as different causes call for different advice."""

    # No connection to the service
    NETWORK = auto()  # no route to the other end, or it does not answer
    NOTHING_LISTENS = auto()
    HOST_NAME = auto()  # what the address names cannot be a host
    NO_SERVICE = auto()  # something answers that is no speech service
    WEB_PAGE = auto()  # something on the way answers: a firewall, a proxy, a login page
    PROXY = auto()
    PROXY_LOGIN = auto()  # the proxy wants a user and a password, or other ones
    TLS = auto()
    CERTIFICATE_HOST = auto()  # the certificate is for another host
    CERTIFICATE_TIME = auto()  # the certificate has expired, or is not valid yet
    CERTIFICATE_UNKNOWN = auto()  # nobody who is trusted has signed it
    SERVICE_TROUBLE = auto()  # the service says that it has failed
    HANDSHAKE = auto()  # a raw exchange was refused; the reason holds the whole answer

    # A setting, or the machine, does not fit
    PROXY_KIND = auto()  # this kind of proxy carries no single requests
    NO_SOCKS = auto()  # the library for SOCKS proxies is not installed
    OPEN_HOST = auto()  # a server without a key would be open to other machines
    ADDRESS_TAKEN = auto()  # a server cannot listen there
    NO_SUCH_ADDRESS = auto()  # nor could it at any port: the address is not one of this machine
    NO_LOOPBACK = auto()  # the network of this machine with itself is switched off
    CAPTION_PORT = auto()  # the captions page cannot be served there
    MODEL_RATE = auto()  # audio can be enhanced at 16000 Hz only, and the model takes another rate
    NOT_DECODED = auto()  # no service decodes the format of a file that is to be sent as it is
    SERVICE_DECIDES = auto()  # the service is known to ignore or refuse it, and might have changed
    OTHER_ENGINE = auto()  # another recognizer on this machine can do it
    NO_RETRIES = auto()  # a lost connection is not replaced
    LANGUAGE_NEEDED = auto()  # the recognizer on this machine hears some languages only, and none was named
    OTHER_LANGUAGE = auto()  # the recognizer on this machine does not know it; a model that knows it can be added
    EMBEDDED = auto()  # the recognizer on this machine cannot do it
    UNKNOWN_MODEL = auto()  # the recognizer on this machine answers to names of models of the service only
    WORKSPACE_HOST = auto()  # only the host of a workspace has it
    ONE_SENTENCE = auto()  # the task of this model ends after one sentence
    TOO_EARLY = auto()  # a hot-word list may not be updated yet
    OTHER_WORDS = auto()  # a hot-word list that would be replaced has no word in common with the new words

    # Audio that cannot be read as it is
    NO_SUCH_FILE = auto()  # nothing has this name; one that is similar may be meant
    RAW_PCM = auto()  # a file of samples without a header, by its name
    NO_HEADER = auto()  # nothing in it says what it is; raw PCM is like that
    DEVICE = auto()  # a device file; nothing says what its samples are
    BEGINS_AFTER_END = auto()  # what is asked for begins after the end of the file
    DEVICE_HANGS = auto()  # a microphone, or what reads it, gives no answer
    DOWNLOAD = auto()  # an archive with a model does not come as a whole
    RECORDING_ADDRESS = auto()  # nothing comes from the address of a recording
    ARCHIVE = auto()  # an archive, or something compressed
    PAGE_FOR_AUDIO = auto()  # a web page where a recording was expected
    LFS_POINTER = auto()  # a small text instead of a file that Git keeps elsewhere
    NO_RECORDING = auto()  # a text or a document
    RECORDINGS_FOLDER = auto()  # a folder in place of a recording
    INCOMPLETE = auto()  # a recording of which a part is missing that is needed to read it
    SAME_TRANSCRIPT = auto()  # two inputs of a batch would have transcripts of one name
