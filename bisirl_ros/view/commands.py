"""`bisirl view RUN|BAG`: what happened, as one page to look at."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bisirl_ros.config import check, setting
from bisirl_ros.errors import InputError
from bisirl_ros.view.topics import Topics


@dataclass(frozen=True)
class ViewArguments(Topics):
    """Arguments of `bisirl view RUN|BAG`."""

    out: str = setting("", doc="page to write, ending in .html; empty: beside what is shown")
    scenario: str = setting("", doc="its name or .yaml file; empty: as the recording says")


def run_view(given: dict[str, Any]) -> int:
    """`bisirl view RUN|BAG`: write the page, and say where it is."""
    source = Path(given.pop("source")).expanduser()
    arguments = ViewArguments(**given)
    check(arguments, "bisirl view")
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; give a run folder or a bag")
    from bisirl_ros.report.run_folder import SUMMARY
    from bisirl_ros.view.of_bag import scene_of_bag  # torch takes seconds to import
    from bisirl_ros.view.of_run import scene_of_run
    from bisirl_ros.view.page import write_page

    run = (source / SUMMARY).is_file()
    out = Path(arguments.out).expanduser() if arguments.out else _beside(source, run)
    if out.suffix != ".html" or not out.parent.is_dir():
        raise InputError(f"--out {out}: give a file that ends in .html, in a folder that is there")
    topics = Topics(**{topic.name: getattr(arguments, topic.name) for topic in fields(Topics)})
    scene = (scene_of_run if run else scene_of_bag)(source, topics, arguments.scenario)
    size = write_page(scene, out)
    for note in scene.notes:
        print(f"note: {note}")
    print(f"written: {out} ({size / 1e6:.1f} MB), {scene.duration_s:.0f} s; open it in a browser")
    return 0


def _beside(source: Path, run: bool) -> Path:
    """RUN/view.html, or the bag's name with .html in the same folder."""
    source = source.resolve()
    return source / "view.html" if run else source.with_name(source.stem + ".html")
