from __future__ import annotations

import string

import pytest

from forms.messages import LANGUAGES, catalogue
from omr.errors import MESSAGES, FileProblem, problem
from omr.reading import FaultCode, ProblemCode

CODES = [*ProblemCode, *FaultCode]


@pytest.mark.parametrize("code", CODES)
def test_every_code__has_a_sentence_in_both_languages(code):
    sentences = catalogue(MESSAGES)[str(code)]
    assert set(sentences) == set(LANGUAGES)
    assert all(len(text) > 10 for text in sentences.values())


@pytest.mark.parametrize("code", CODES)
def test_both_languages__use_the_same_parameters(code):
    sentences = catalogue(MESSAGES)[str(code)]
    names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in sentences.values()]
    assert names[0] == names[1]


def test_every_sentence__belongs_to_a_code():
    assert set(catalogue(MESSAGES)) == {str(code) for code in CODES}


def test_problem__carries_code_numbers_and_an_english_sentence():
    value = problem(ProblemCode.TOO_MANY_PAGES, pages=9000, limit=5000)
    assert (value.code, value.params) == ("too-many-pages", {"pages": 9000, "limit": 5000})
    assert "9000 pages" in value.message


def test_file_problem__survives_pickling():
    import pickle

    copy = pickle.loads(pickle.dumps(FileProblem(ProblemCode.DAMAGED, page=3)))
    assert (copy.code, copy.params) == (ProblemCode.DAMAGED, {"page": 3})
