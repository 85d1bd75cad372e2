"""`bisirl view RUN|BAG`: what happened, as one page or one mcap file to look at."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bisirl_ros.config import check, setting
from bisirl_ros.errors import InputError
from bisirl_ros.view.topics import Topics

FORMATS = ("html", "mcap")


@dataclass(frozen=True)
class ViewArguments(Topics):
    """Arguments of `bisirl view RUN|BAG`."""

    format: str = setting(
        "html", doc="html: a page for any browser; mcap: for Foxglove", choices=FORMATS
    )
    out: str = setting(
        "", doc="file to write, ending in .html, or in .mcap; empty: beside what is shown"
    )
    scenario: str = setting("", doc="its name or .yaml file; empty: as the recording says")


def run_view(given: dict[str, Any]) -> int:
    """`bisirl view RUN|BAG`: write the file, and say where it is."""
    source = Path(given.pop("source")).expanduser()
    arguments = ViewArguments(**given)
    check(arguments, "bisirl view")
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; give a run folder or a bag")
    from bisirl_ros.report.run_folder import SUMMARY
    from bisirl_ros.view.mcap_file import need_mcap, write_mcap
    from bisirl_ros.view.of_bag import scene_of_bag  # torch takes seconds to import
    from bisirl_ros.view.of_run import scene_of_run
    from bisirl_ros.view.page import write_page

    mcap = arguments.format == "mcap"
    if mcap:
        need_mcap()
    run = (source / SUMMARY).is_file()
    out = _out(arguments, source, run)
    topics = Topics(**{topic.name: getattr(arguments, topic.name) for topic in fields(Topics)})
    scene = (scene_of_run if run else scene_of_bag)(source, topics, arguments.scenario)
    size = (write_mcap if mcap else write_page)(scene, out)
    for note in scene.notes:
        print(f"note: {note}")
    opened = "Foxglove" if mcap else "a browser"
    print(f"written: {out} ({size / 1e6:.1f} MB), {scene.duration_s:.0f} s; open it in {opened}")
    return 0


def _out(arguments: ViewArguments, source: Path, run: bool) -> Path:
    """Where to write; raises InputError for what is no such file, or belongs to a recording."""
    ending = f".{arguments.format}"
    out = Path(arguments.out).expanduser() if arguments.out else _beside(source, run, ending)
    if out.suffix != ending or not out.parent.is_dir():
        raise InputError(
            f"--out {out}: give a file that ends in {ending}, in a folder that is there"
        )
    recorded = out.resolve() == source.resolve() or (out.parent / "metadata.yaml").is_file()
    if recorded and ending == ".mcap":
        raise InputError(f"--out {out}: belongs to a recording; give a file somewhere else")
    return out


def _beside(source: Path, run: bool, ending: str) -> Path:
    """RUN/view.html, or the bag's name with .html in the same folder; BAG.view.mcap, as BAG.mcap
    may be a bag."""
    source = source.resolve()
    if run:
        return source / f"view{ending}"
    return source.with_name(source.stem + (ending if ending == ".html" else f".view{ending}"))
