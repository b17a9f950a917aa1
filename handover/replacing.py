"""Files in the place of those that were there: all of them or, whatever happens meanwhile, none."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory


def replace_files(
    folder: Path, contents: Mapping[str, bytes], prove: Callable[[Path], object] = lambda _: None
) -> None:
    """Write files into a folder, which is made where it is not there; others in it stay as they are.

    ``prove`` is given a folder with the new files alone, before one of them is where it belongs; where it raises, or
    anything else ends this early, the files that were there are there.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".new-") as beside:  # in the same file system, to be moved
            new, old = Path(beside, "new"), Path(beside, "old")
            for part in (new, old):
                part.mkdir()
            for name, content in contents.items():
                (new / name).write_bytes(content)
            prove(new)
            _move(new, folder, old, contents)
    except BaseException:
        for path in made:
            path.rmdir()
        raise


def _move(new: Path, folder: Path, old: Path, names: Iterable[str]) -> None:
    begun = []
    try:
        for name in names:
            if (folder / name).exists():
                shutil.copy2(folder / name, old / name)
            begun.append(name)
            (new / name).replace(folder / name)
    except BaseException:
        for name in begun:
            if (old / name).exists():
                (old / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        raise
