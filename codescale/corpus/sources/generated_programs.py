"""Programs that are generated, each in all languages of the study that are known: translations without end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from codescale.corpus.left_out import LeftOut
from codescale.corpus.manifest import CorpusSource
from codescale.corpus.record import Reading, Record
from codescale.errors import UserError
from codescale.parallel_programs.languages import LANGUAGES
from codescale.parallel_programs.rendering.registry import render
from codescale.parallel_programs.stream import distinct_programs
from codescale.progress import Progress
from codescale.study.corpus import GeneratedProgramsSource

_LICENCE = "Apache-2.0"


class GeneratedProgramsReader:
    """A document for each program and language, with what tells the program."""

    def __init__(self, section: GeneratedProgramsSource, reading: Reading) -> None:
        self._section = section
        self._endings = {language: reading.registry[language].endings[0] for language in reading.endings.values()}
        wanted = section.languages or LANGUAGES
        self._languages = [language for language in wanted if language in self._endings]
        self.left_out = LeftOut()
        absent = [language for language in section.languages or () if language not in self._endings]
        if absent:
            raise self._refusal(f"{absent[0]} is no language of the study", "add it to languages, or leave it out here")
        if len(self._languages) < 2:
            known = ", ".join(LANGUAGES)
            problem = f"the study has fewer than two of the languages that programs are generated in ({known})"
            raise self._refusal(problem, "add another one to languages, or leave this source out")

    @staticmethod
    def _refusal(problem: str, hint: str) -> UserError:
        return UserError("study.yaml, corpus.sources, generated_programs", problem, hint)

    @property
    def _name(self) -> str:
        return f"generated_programs-{self._section.seed}"

    def origins(self) -> list[CorpusSource]:
        """The generator and its seed."""
        return [CorpusSource(name=self._name, version=None, sha256=None, licence=_LICENCE)]

    def records(self, progress: Progress) -> Iterator[Record]:
        """The programs in their order, each in all languages."""
        with progress.bar("Generating programs", self._section.count) as advance:
            for made in islice(distinct_programs(self._section.seed), self._section.count):
                for language in self._languages:
                    yield Record(
                        language,
                        self._name,
                        f"{made.index:08}{self._endings[language]}",
                        render(made.program, language).encode(),
                        _LICENCE,
                        f"{self._name}/{made.index}",
                        is_real_path=False,
                    )
                advance(1)
