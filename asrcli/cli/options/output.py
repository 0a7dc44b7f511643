"""What the transcript is written as: the options of it, once, and the showing they come to."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asrcli.cli.options import shared as o
from asrcli.cli.options.values import OutputFormat

if TYPE_CHECKING:
    from asrcli.cli.build.outputs import OutputBuilder
    from asrcli.core.settings import RecognitionSettings


@dataclass(frozen=True)
class OutputOptions:
    """The options as they were given."""

    format: o.Formats = None
    output: o.OutputFile = None
    append: o.Append = False
    overwrite: o.Overwrite = False
    partials: o.Partials = False
    timestamps: o.Timestamps = None
    template: o.Template = None
    capitalize: o.Capitalize = False
    max_line: o.MaxLine = None
    max_lines: o.MaxLines = None
    command: o.Exec = None
    plain: o.PlainScreen = False

    def showing(
        self,
        level: int | None,
        recognition: "RecognitionSettings",
        *,
        folder: Path | None = None,
        pace: float | None = None,
        keys: bool | None = None,
    ) -> "OutputBuilder":
        """What they come to for what is asked, with so much status; see there for the rest."""
        from asrcli.cli.build.outputs import OutputBuilder
        from asrcli.cli.build.transcript_names import named

        by_name = [named(self.output)] if self.output is not None else [OutputFormat.TEXT]
        return OutputBuilder(
            formats=tuple(dict.fromkeys(self.format or by_name)),
            path=self.output,
            folder=folder,
            append=self.append,
            overwrite=self.overwrite,
            partials=self.partials,
            stamp=self.timestamps,
            template=self.template,
            capitalize=self.capitalize,
            command=self.command,
            max_line=self.max_line,
            max_lines=self.max_lines,
            plain=self.plain,
            level=level,
            pace=pace,
            keys=keys,
            translated=recognition.both_texts,
        )
