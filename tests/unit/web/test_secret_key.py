"""The key that signs sessions: made once, whatever number of processes start at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.settings import SettingsError, load, secret_key


def test_many_start_at_once__all_get_one_key(tmp_path):
    settings = load(tmp_path / "instance", environ={})
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: secret_key(settings), range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert (settings.instance / "secret.key").stat().st_mode & 0o077 == 0


def test_key_cut_short__is_told_and_not_used(tmp_path):
    settings = load(tmp_path, environ={})
    (tmp_path / "secret.key").write_text("abc", "ascii")
    with pytest.raises(SettingsError, match=r"secret\.key"):
        secret_key(settings)
