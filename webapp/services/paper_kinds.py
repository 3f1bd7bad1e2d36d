"""All kinds of papers that people edit, by key. A kind is registered by the module that knows it."""

from __future__ import annotations

from webapp.errors import NotFound
from webapp.services import aftermath_papers, meeting_papers, preparing_papers, report_papers, summary_papers
from webapp.services.paper_kind import PaperKind

MODULES = (preparing_papers, meeting_papers, report_papers, summary_papers, aftermath_papers)
KINDS: dict[str, PaperKind] = {kind.key: kind for module in MODULES for kind in module.KINDS}


def get(key: str) -> PaperKind:
    """Return a kind. Raises NotFound."""
    if key not in KINDS:
        raise NotFound("no-such-row", kind="Paper")
    return KINDS[key]
