"""How long a file of the package may be."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "bisirl_ros"
MOST_LINES = 250


def too_long(folder: Path) -> dict[str, int]:
    """Lines of the files that have more than they may, by path."""
    lines = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in folder.rglob("*.py")}
    assert lines, f"{folder}: no files"
    return {str(p.relative_to(folder)): n for p, n in sorted(lines.items()) if n > MOST_LINES}


def test_a_file_is_one_concept_on_few_pages() -> None:
    assert too_long(PACKAGE) == {}


def test_a_longer_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "long.py").write_text("x = 1\n" * (MOST_LINES + 1))
    (tmp_path / "full.py").write_text("x = 1\n" * MOST_LINES)
    assert too_long(tmp_path) == {str(Path("deep", "long.py")): MOST_LINES + 1}
