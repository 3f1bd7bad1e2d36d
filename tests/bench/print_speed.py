"""Print 10,000 sheets and say what it took: ``python -m tests.bench.print_speed [COPIES]``."""

import resource
import sys
import tempfile
import time
from pathlib import Path

from forms import code, loader, proof, render
from forms.survey import Values
from forms.typeset import typeset


def main() -> None:
    copies = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    layout = typeset(loader.preset("org"), Values(unit="材料科学与工程学院党委", date="2011年7月15日"))
    start = time.process_time()
    sheets: dict[str, None] = {}
    while len(sheets) < copies:
        sheets[code.new_sheet(layout.digest, sheets)] = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheets.pdf"
        render.write_pdf(layout, sheets, path)
        seconds, size = time.process_time() - start, path.stat().st_size
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{copies} sheets: {seconds:.1f} s CPU, {size / 1e6:.1f} MB, peak memory {memory:.0f} MB")

    previews = (("first", "机关党委", "1"), ("new characters", "后勤集团", "2"), ("known characters", "机关后勤", "12"))
    for what, unit, subject in previews:
        start = time.perf_counter()
        proof.preview_png(typeset(loader.preset("org"), Values(unit=unit, subject=subject)))
        print(f"preview, {what}: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
